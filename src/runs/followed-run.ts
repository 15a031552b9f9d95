import type { Follower } from './follower.js';
import { parseAnnouncement, type RunEvent } from './run-events.js';
import { RunStatus } from './run.js';

/**
 * A run that somebody in this process follows. Announcements come with consecutive revisions; one that does not follow the last is
 * held back until the database has told what is between, so that followers are told every change, in order.
 */
export class FollowedRun {
  readonly followers = new Set<Follower>();
  /** How many stand before it in the queue; null while nobody knows, and when it does not wait. */
  position: number | null = null;
  /** Everything up to here has been given to the followers; null before the first look at the row. */
  private told: number | null = null;
  private status: RunStatus | null = null;
  private readonly held: RunEvent[] = [];
  private doubted = false;

  /** `doubt` is called when an announcement may have been missed: somebody has to look. */
  constructor(
    readonly id: string,
    private readonly doubt: (run: FollowedRun) => void,
  ) {}

  get revision(): number | null {
    return this.told;
  }

  get isQueued(): boolean {
    return this.status === RunStatus.Queued;
  }

  /** The first follower has seen the row and tells itself what was before. */
  begin(revision: number, status: RunStatus): void {
    if (this.told !== null) return;
    this.told = revision;
    this.status = status;
    this.release();
    if (this.doubted) this.doubt(this);
  }

  receive(message: string): void {
    const event = parseAnnouncement(message);
    if (!event) {
      this.suspect();
      return;
    }
    this.held.push(event);
    if (this.told !== null) this.release();
  }

  /** Something may have been missed. */
  suspect(): void {
    this.doubted = true;
    if (this.told !== null) this.doubt(this);
  }

  /** What the database has after `revision`, as it is when somebody has looked. */
  catchUp(events: readonly RunEvent[]): void {
    this.doubted = false;
    for (const event of events) this.tell(event);
    this.release();
  }

  /** It is as the followers were told: what is held back was never written, or is written and not visible yet. */
  reassure(): void {
    this.doubted = false;
  }

  place(position: number): void {
    if (!this.isQueued || position === this.position) return;
    this.position = position;
    for (const follower of this.followers) follower.wake();
  }

  /** There is no such run any more. */
  end(): void {
    for (const follower of this.followers) follower.end();
  }

  private release(): void {
    this.held.sort((a, b) => a.id - b.id);
    let next = this.held[0];
    while (next && next.id <= (this.told ?? 0) + 1) {
      this.held.shift();
      this.tell(next);
      next = this.held[0];
    }
    if (next) this.suspect();
  }

  /** Also what was told before: a follower that came later may have looked at the row earlier. */
  private tell(event: RunEvent): void {
    if (event.id > (this.told ?? 0)) {
      this.told = event.id;
      this.status = event.data.status;
      if (!this.isQueued) this.position = null;
    }
    for (const follower of this.followers) follower.take(event);
  }
}
