import { Injectable } from '@nestjs/common';
import { Bell } from '../common/bell.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { ArtifactsRepository, type Artifact } from './artifacts.repository.js';

/** An announcement can be lost: after so long the row is looked at all the same. */
const SAFETY_NET_MS = 5000;

/** Channel on which the end of a render is announced. */
export const artifactChannel = (artifactId: string): string => `artifact:${artifactId}`;

/** Waits for renders, from any process. */
@Injectable()
export class ArtifactWaiter {
  constructor(
    private readonly artifacts: ArtifactsRepository,
    private readonly broadcast: Broadcast,
  ) {}

  /** The artifact once it is no longer pending, or as it is after so many seconds. */
  async wait(artifact: Artifact, seconds: number): Promise<Artifact> {
    const until = Date.now() + seconds * 1000;
    const bell = new Bell();
    const unsubscribe = this.broadcast.subscribe(artifactChannel(artifact.id), () => {
      bell.ring();
    });
    try {
      let now = artifact;
      while (now.status === 'pending' && Date.now() < until) {
        await bell.rung(Math.min(SAFETY_NET_MS, until - Date.now()));
        now = (await this.artifacts.findOfRun(artifact.runId, artifact.format)) ?? now;
      }
      return now;
    } finally {
      unsubscribe();
    }
  }
}
