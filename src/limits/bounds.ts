import { stat } from 'node:fs/promises';
import type { LimitReached } from '../common/errors.js';
import type { OwnerLimits } from '../config/config.js';
import { tooManyRows } from '../platform/query-engine/query-errors.js';
import { tooManyBytes } from './limit-errors.js';

/** How often files that grow are looked at. */
const LOOK_MS = 100;

/** What one piece of work, a run or a render, may make: how many rows, and how many bytes in each of its files. */
export class Bounds {
  /** Of the work: aborts as the given one does, and with `LimitReached` when a watched file is too large. */
  readonly signal: AbortSignal;
  private readonly exceeded = new AbortController();
  private readonly files = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly limits: Pick<OwnerLimits, 'rows' | 'bytes'>,
    signal: AbortSignal,
  ) {
    this.signal = AbortSignal.any([signal, this.exceeded.signal]);
    this.timer = setInterval(() => void this.look(), LOOK_MS);
  }

  /** Watches a file, also one that is not there yet. Gives its path back. */
  watch(file: string): string {
    this.files.add(file);
    return file;
  }

  /** Throws `LimitReached` for more rows than the work may make. */
  requireRows(rows: number): void {
    if (rows > this.limits.rows) throw tooManyRows(this.limits.rows);
  }

  /** Throws `LimitReached` for more bytes than a file of the work may have. */
  requireBytes(bytes: number): void {
    if (bytes > this.limits.bytes) throw tooManyBytes(this.limits.bytes);
  }

  /** What ended the work, where it was a file that grew too large: the work itself may tell it in other words. */
  get reached(): LimitReached | null {
    // Only `look` aborts, and with nothing else.
    return this.exceeded.signal.aborted ? (this.exceeded.signal.reason as LimitReached) : null;
  }

  /** Ends the watch. */
  close(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    for (const file of this.files) {
      if ((await sizeOf(file)) > this.limits.bytes) this.exceeded.abort(tooManyBytes(this.limits.bytes));
    }
  }
}

/** A file that is not there, or that cannot be looked at now, is found too large at the latest before it is stored. */
async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => null);
  return found?.size ?? 0;
}
