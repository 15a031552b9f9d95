import { Bell } from '../common/bell.js';
import type { RunEvent } from './run-events.js';

/**
 * What one subscriber has not been told yet. It holds the changes of status, and of the progress only the newest: a
 * subscriber that does not read costs no more memory than that.
 */
export class Follower {
  private readonly bell = new Bell();
  private changes: RunEvent[] = [];
  private progress: RunEvent | null = null;
  private over = false;

  take(event: RunEvent): void {
    if (event.type === 'status') this.changes.push(event);
    else if (event.id > (this.progress?.id ?? 0)) this.progress = event;
    this.bell.ring();
  }

  /** There may be something to tell that is no event. */
  wake(): void {
    this.bell.ring();
  }

  /** Nothing more will come. */
  end(): void {
    this.over = true;
    this.bell.ring();
  }

  /** What has come since the last call, in order. Events may have come before. */
  news(): RunEvent[] {
    const events = this.progress ? [...this.changes, this.progress] : this.changes;
    this.changes = [];
    this.progress = null;
    return events.sort((a, b) => a.id - b.id);
  }

  /** True when there may be news, false when there will be none. */
  async waited(): Promise<boolean> {
    if (!this.over) await this.bell.rung();
    return !this.over;
  }
}
