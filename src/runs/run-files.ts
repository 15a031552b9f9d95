import { Injectable } from '@nestjs/common';
import { Storage } from '../storage/storage.js';
import { attemptPrefix, pagesPrefix, runPrefix } from './run-context.js';
import type { Run } from './run.js';
import { RunPagesRepository } from './run-pages.repository.js';

/**
 * What runs leave in storage. Pages have rows too, which go after the files: as long as there are rows, the sweep knows that there
 * may be files. A technical failure is a `StorageUnavailable`.
 */
@Injectable()
export class RunFiles {
  constructor(
    private readonly storage: Storage,
    private readonly pages: RunPagesRepository,
  ) {}

  async removeAll(runId: string): Promise<void> {
    await this.storage.removeAll(runPrefix(runId));
    await this.pages.remove(runId);
  }

  /** What one attempt has written; the pages stay. */
  async removeAttempt({ id, attempt }: Pick<Run, 'id' | 'attempt'>): Promise<void> {
    await this.storage.removeAll(attemptPrefix(id, attempt));
  }

  async removePages(runId: string): Promise<void> {
    await this.storage.removeAll(pagesPrefix(runId));
    await this.pages.remove(runId);
  }

  /** Whether the attempt has added pages, which the next one need not fetch again. */
  async hasPagesOf(run: Pick<Run, 'id' | 'attempt'>): Promise<boolean> {
    return await this.pages.hasPagesOf(run);
  }

  /** Runs that have ended and whose pages could not be removed then. */
  async withLeftPages(limit: number): Promise<string[]> {
    return await this.pages.leftBehind(limit);
  }
}
