import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Broadcast } from '../platform/queue/broadcast.js';
import { FollowedRun } from './followed-run.js';
import { Follower } from './follower.js';
import { eventOf, runChannel, type RunEvent } from './run-events.js';
import { isTerminal } from './run-state.js';
import { FollowedRunsRepository } from './followed-runs.repository.js';

/** How often the rows are looked at although nothing was announced: an announcement can be lost, a row cannot. */
const SAFETY_NET_MS = 10_000;
/** How often it is asked where queued runs stand. */
const POSITIONS_MS = 3000;
/** Doubts that arise within so many milliseconds are settled by one look. */
const GATHER_MS = 50;

/**
 * All runs that this process follows. However many followers there are, a run has one subscription, and the database is asked for
 * all runs at once: one statement per interval while nothing was missed, two more when something was.
 */
@Injectable()
export class FollowedRuns implements OnModuleDestroy {
  private readonly logger = new Logger(FollowedRuns.name);
  private readonly runs = new Map<string, { run: FollowedRun; unsubscribe: () => void }>();
  private readonly doubtful = new Set<FollowedRun>();
  private timers: NodeJS.Timeout[] = [];
  private looking = false;
  private closed = false;

  constructor(
    private readonly repository: FollowedRunsRepository,
    private readonly broadcast: Broadcast,
  ) {}

  /** A process that stops lets its followers go: they come back to another one. */
  onModuleDestroy(): void {
    this.closed = true;
    this.stopTimers();
    for (const { run } of this.runs.values()) run.end();
  }

  /** From now on the follower gets what is announced. It must leave again. */
  join(id: string, follower: Follower): FollowedRun {
    const run = this.runs.get(id)?.run ?? this.add(id);
    run.followers.add(follower);
    if (this.closed) follower.end();
    return run;
  }

  leave(run: FollowedRun, follower: Follower): void {
    run.followers.delete(follower);
    if (run.followers.size > 0) return;
    this.runs.get(run.id)?.unsubscribe();
    this.runs.delete(run.id);
    this.doubtful.delete(run);
    if (this.runs.size === 0) this.stopTimers();
  }

  private add(id: string): FollowedRun {
    const run = new FollowedRun(id, (doubted) => {
      this.settle([doubted]);
    });
    const unsubscribe = this.broadcast.subscribe(
      runChannel(id),
      (message) => {
        run.receive(message);
      },
      () => {
        run.suspect();
      },
    );
    this.runs.set(id, { run, unsubscribe });
    if (this.timers.length === 0 && !this.closed) this.startTimers();
    return run;
  }

  private startTimers(): void {
    this.timers = [
      setInterval(() => {
        this.settle(this.all());
      }, SAFETY_NET_MS),
      setInterval(() => void this.placeQueued(), POSITIONS_MS),
    ];
  }

  private stopTimers(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
  }

  private all(): FollowedRun[] {
    return [...this.runs.values()].map(({ run }) => run);
  }

  private settle(runs: readonly FollowedRun[]): void {
    for (const run of runs) this.doubtful.add(run);
    if (!this.looking) void this.settleDoubts();
  }

  /** Never rejects: what could not be settled is looked at again with the safety net. */
  private async settleDoubts(): Promise<void> {
    this.looking = true;
    try {
      while (this.doubtful.size > 0) {
        await delay(GATHER_MS);
        const runs = [...this.doubtful];
        this.doubtful.clear();
        await this.look(runs);
      }
    } catch (error) {
      this.logger.warn({ err: error, msg: 'followed runs could not be looked at; it is tried again' });
    } finally {
      this.looking = false;
    }
  }

  private async look(runs: readonly FollowedRun[]): Promise<void> {
    const revisions = await this.repository.revisionsOf(runs.map(({ id }) => id));
    const moved = runs.filter((run) => {
      const revision = revisions.get(run.id);
      if (revision === undefined) run.end();
      else if (run.revision !== null && revision > run.revision) return true;
      else run.reassure();
      return false;
    });
    if (moved.length === 0) return;
    const after = moved.map(({ id, revision }) => ({ id, revision: revision ?? 0 }));
    const [current, events] = await Promise.all([
      this.repository.load(after.map(({ id }) => id)),
      this.repository.eventsAfter(after),
    ]);
    for (const run of moved) {
      const told = events.get(run.id) ?? [];
      const row = current.get(run.id);
      run.catchUp(row ? withNewest(told, eventOf(row, isTerminal(row.status) ? 'status' : 'progress')) : told);
    }
  }

  private async placeQueued(): Promise<void> {
    const queued = this.all().filter(({ isQueued }) => isQueued);
    if (queued.length === 0) return;
    try {
      const positions = await this.repository.queuePositions(queued.map(({ id }) => id));
      for (const run of queued) {
        const position = positions.get(run.id);
        if (position !== undefined) run.place(position);
      }
    } catch (error) {
      this.logger.warn({ err: error, msg: 'the places of queued runs could not be found; it is tried again' });
    }
  }
}

/** Changes that are kept, then the run as it is now if that is newer. */
export function withNewest(kept: readonly RunEvent[], now: RunEvent): RunEvent[] {
  return (kept.at(-1)?.id ?? 0) < now.id ? [...kept, now] : [...kept];
}
