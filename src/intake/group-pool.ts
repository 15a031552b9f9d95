import { Injectable, Logger } from '@nestjs/common';
import type { GroupKey } from './intake-work.js';
import { Storer } from './storer.js';

/** Groups in work at once. */
const CONCURRENCY = 8;
/** Groups that are known to have work; with more, whoever brings them waits. */
const MAX_WAITING = 1000;
const AFTER_FAILURE_MS = 1000;

/** Visits groups that have something to store, so many at once, each by one visitor. */
@Injectable()
export class GroupPool {
  private readonly logger = new Logger(GroupPool.name);
  private readonly waiting = new Map<string, GroupKey>();
  private readonly running = new Map<string, Promise<void>>();
  private readonly pauses = new Set<NodeJS.Timeout>();
  private readonly stopping = new AbortController();

  constructor(private readonly storer: Storer) {}

  /** Resolves when there is room for more, which is mostly at once. A group that is visited now is visited again. */
  async add(group: GroupKey): Promise<void> {
    this.put(group);
    while (this.waiting.size > MAX_WAITING && !this.stopping.signal.aborted) await Promise.race(this.running.values());
  }

  /** Resolves when the visits have ended: what is being stored is stored, what is not yet stays for others. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.waiting.clear();
    for (const pause of this.pauses) clearTimeout(pause);
    await Promise.all(this.running.values());
  }

  private put(group: GroupKey): void {
    if (this.stopping.signal.aborted) return;
    this.waiting.set(JSON.stringify([group.owner, group.group]), group);
    this.fill();
  }

  private fill(): void {
    for (const [name, group] of this.waiting) {
      if (this.running.size >= CONCURRENCY) return;
      if (this.running.has(name)) continue;
      this.waiting.delete(name);
      const visit = this.visit(group).finally(() => {
        this.running.delete(name);
        this.fill();
      });
      this.running.set(name, visit);
    }
  }

  private async visit(group: GroupKey): Promise<void> {
    try {
      const outcome = await this.storer.visit(group, this.stopping.signal);
      if (outcome !== null) this.putLater(group, outcome.waitMs);
    } catch (error) {
      this.logger.warn({ err: error, msg: 'a group could not be visited; it is tried again' });
      this.putLater(group, AFTER_FAILURE_MS);
    }
  }

  private putLater(group: GroupKey, milliseconds: number): void {
    if (this.stopping.signal.aborted) return;
    const pause = setTimeout(() => {
      this.pauses.delete(pause);
      this.put(group);
    }, milliseconds);
    this.pauses.add(pause);
  }
}
