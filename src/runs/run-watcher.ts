import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Bell } from '../common/bell.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { eventOf, parseAnnouncement, runChannel, type RunEvent } from './run-events.js';
import type { Run } from './run.js';
import { isTerminal } from './run-state.js';
import { RunsRepository } from './runs.repository.js';

/** How often a listener looks at the row although nothing was announced: an announcement can be lost, a row cannot. */
const SAFETY_NET_MS = 10_000;

/** Follows runs from any process: announced changes at once, and the truth of the row as a safety net. */
@Injectable()
export class RunWatcher implements OnModuleDestroy {
  private readonly closing = new AbortController();

  constructor(
    private readonly repository: RunsRepository,
    private readonly broadcast: Broadcast,
  ) {}

  /** A process that stops lets its followers go: they come back to another one. */
  onModuleDestroy(): void {
    this.closing.abort();
  }

  async announce(run: Run, type: RunEvent['type'] = 'status'): Promise<void> {
    await this.broadcast.publish(runChannel(run.id), JSON.stringify(eventOf(run, type)));
  }

  /** The run as it is when it has ended, or as it is after `seconds`. Null if it is gone. */
  async waitUntilEnded(run: Pick<Run, 'id' | 'owner'>, seconds: number, signal?: AbortSignal): Promise<Run | null> {
    const timeout = AbortSignal.timeout(seconds * 1000);
    const stop = signal ? AbortSignal.any([timeout, signal]) : timeout;
    for await (const event of this.follow(run, 0, stop)) if (event.data.terminal) break;
    return await this.repository.find(run.owner, run.id);
  }

  /**
   * Changes of a run after a revision: first those that are kept, then the live ones, ending with the terminal one or
   * the signal. Progress that was missed is not repeated; only the newest is told.
   */
  async *follow(run: Pick<Run, 'id' | 'owner'>, afterRevision: number, until: AbortSignal): AsyncGenerator<RunEvent> {
    const signal = AbortSignal.any([until, this.closing.signal]);
    const bell = new Bell();
    let inbox: RunEvent[] = [];
    const wake = (): void => {
      bell.ring();
    };
    const unsubscribe = this.broadcast.subscribe(runChannel(run.id), (message) => {
      const event = parseAnnouncement(message);
      if (event) inbox.push(event);
      wake();
    });
    signal.addEventListener('abort', wake);
    try {
      let last = afterRevision;
      let mayHaveMissed = true;
      while (!signal.aborted) {
        if (mayHaveMissed) {
          const { events, ended } = await this.catchUp(run, last);
          if (ended && events.length === 0) return;
          inbox.push(...events);
        }
        const arrived = inbox.sort((a, b) => a.id - b.id);
        inbox = [];
        for (const event of arrived) {
          if (event.id <= last) continue;
          last = event.id;
          yield event;
          if (event.data.terminal) return;
        }
        mayHaveMissed = !(await bell.rung(SAFETY_NET_MS));
      }
    } finally {
      unsubscribe();
      signal.removeEventListener('abort', wake);
    }
  }

  /** What the database has after a revision: every change of status, then the run as it is now. */
  private async catchUp(
    run: Pick<Run, 'id' | 'owner'>,
    after: number,
  ): Promise<{ events: RunEvent[]; ended: boolean }> {
    const current = await this.repository.find(run.owner, run.id);
    if (!current) return { events: [], ended: true };
    const ended = isTerminal(current.status);
    if (current.revision <= after) return { events: [], ended };
    const events = await this.repository.eventsAfter(run.id, after);
    const newest = events.at(-1);
    if (!newest || newest.id < current.revision) events.push(eventOf(current, ended ? 'status' : 'progress'));
    return { events, ended };
  }
}
