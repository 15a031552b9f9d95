import { Injectable } from '@nestjs/common';
import { OutboxWriter } from '../outbox/outbox-writer.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import type { FollowedRun } from './followed-run.js';
import { FollowedRuns, withNewest } from './followed-runs.js';
import { Follower } from './follower.js';
import { eventOf, progressData, runChannel, type RunEvent } from './run-events.js';
import { isTold } from './run-outbox.mapper.js';
import { RunStatus, type Run } from './run.js';
import { isTerminal } from './run-state.js';
import { RunsRepository } from './runs.repository.js';

/** Follows runs from any process: announced changes at once, and the truth of the row as a safety net. */
@Injectable()
export class RunWatcher {
  constructor(
    private readonly repository: RunsRepository,
    private readonly broadcast: Broadcast,
    private readonly followed: FollowedRuns,
    private readonly outbox: OutboxWriter,
  ) {}

  /** Tells followers of a change that is written, and those outside if it is one for them. */
  async announce(run: Run, type: RunEvent['type'] = 'status'): Promise<void> {
    await this.broadcast.publish(runChannel(run.id), JSON.stringify(eventOf(run, type)));
    if (isTold(run.status)) await this.outbox.wake();
  }

  /** The run as it is when it has ended, or as it is after `seconds`. Null if it is gone. */
  async waitUntilEnded(run: Pick<Run, 'id' | 'owner'>, seconds: number, signal?: AbortSignal): Promise<Run | null> {
    const timeout = AbortSignal.timeout(seconds * 1000);
    const stop = signal ? AbortSignal.any([timeout, signal]) : timeout;
    for await (const event of this.follow(run, 0, stop)) if (event.data.terminal) break;
    return await this.repository.find(run.owner, run.id);
  }

  /**
   * Changes of a run after a revision: first those that are kept, then the live ones, ending with the terminal one, with the
   * signal, or when the process stops. Progress that was missed is not repeated; only the newest is told. While the run
   * waits, its place in the queue is told as progress whenever it changes.
   */
  async *follow(run: Pick<Run, 'id' | 'owner'>, afterRevision: number, until: AbortSignal): AsyncGenerator<RunEvent> {
    const follower = new Follower();
    const stop = (): void => {
      follower.end();
    };
    const followed = this.followed.join(run.id, follower);
    until.addEventListener('abort', stop);
    if (until.aborted) stop();
    try {
      const current = await this.catchUp({ run, followed, follower }, afterRevision);
      if (!current) return;
      // An id that the run has not reached is not one of its ids.
      yield* tellOf({ followed, follower }, eventOf(current, 'status'), Math.min(afterRevision, current.revision));
    } finally {
      until.removeEventListener('abort', stop);
      this.followed.leave(followed, follower);
    }
  }

  /**
   * Gives the follower what the database has after a revision: every change of status, then the run as it is. Returns the run, or
   * null if there is nothing to follow: it is gone, or it has ended and that was told before.
   */
  private async catchUp(
    { run, followed, follower }: { run: Pick<Run, 'id' | 'owner'>; followed: FollowedRun; follower: Follower },
    after: number,
  ): Promise<Run | null> {
    let current = await this.repository.find(run.owner, run.id);
    // What other followers of the run were told before this one looked, it will not be told again.
    while (current && current.revision < (followed.revision ?? 0)) {
      current = await this.repository.find(run.owner, run.id);
    }
    if (!current) return null;
    const ended = isTerminal(current.status);
    if (current.revision > after) {
      const events = await this.repository.eventsAfter(run.id, after);
      for (const event of withNewest(events, eventOf(current, ended ? 'status' : 'progress'))) follower.take(event);
    } else if (ended) {
      return null;
    }
    followed.begin(current.revision, current.status);
    return current;
  }
}

/** Tells a follower's news, each once; `known` is the run as it was when the following began. */
async function* tellOf(
  { followed, follower }: { followed: FollowedRun; follower: Follower },
  known: RunEvent,
  after: number,
): AsyncGenerator<RunEvent> {
  let last = after;
  let { data } = known;
  let position: number | null = null;
  do {
    for (const event of follower.news()) {
      if (event.id <= last) continue;
      last = event.id;
      ({ data } = event);
      yield event;
      if (data.terminal) return;
    }
    if (data.status !== RunStatus.Queued) position = null;
    else if (followed.position !== null && followed.position !== position) {
      ({ position } = followed);
      yield { id: last, type: 'progress', data: { ...data, progress: progressData(null, position) } };
    }
  } while (await follower.waited());
}
