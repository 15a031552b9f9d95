import {
  JsonDuckDBValueConverter,
  type DuckDBConnection,
  type DuckDBResultReader,
  type DuckDBValueConverter,
  type Json,
} from '@duckdb/node-api';
import type { Bindings } from './bind.js';
import { isInterrupt } from './duckdb-errors.js';
import type { QueryProgress } from './query-engine.js';

const PROGRESS_INTERVAL_MS = 250;
/** The engine forgets an interrupt that arrives just before a statement starts, so that it is repeated until it is heard. */
const INTERRUPT_INTERVAL_MS = 20;

export interface StatementOptions {
  bindings?: Bindings | undefined;
  onProgress?: ((progress: QueryProgress) => void) | undefined;
}

/** Runs one statement after the other on a connection, each until the signal stops it. */
export class Statements {
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly signal: AbortSignal,
  ) {}

  /** Waits for its turn, then does `work`. Rejects with the signal's reason, also while it waits. */
  enqueue<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(() => {
      this.signal.throwIfAborted();
      return work();
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }

  async run(sql: string, options: StatementOptions = {}): Promise<DuckDBResultReader> {
    this.signal.throwIfAborted();
    const { bindings, onProgress } = options;
    const watch = this.watch(onProgress);
    try {
      return await this.connection.runAndReadAll(sql, bindings?.values, bindings?.types);
    } catch (error) {
      if (this.signal.aborted && isInterrupt(error)) throw this.signal.reason;
      throw error;
    } finally {
      watch.stop();
    }
  }

  /** Resolves when no statement runs any more. */
  async idle(): Promise<void> {
    await this.last;
  }

  private watch(onProgress: StatementOptions['onProgress']): { stop: () => void } {
    let repeat: NodeJS.Timeout | undefined;
    const interrupt = () => {
      this.connection.interrupt();
      repeat ??= setInterval(() => this.connection.interrupt(), INTERRUPT_INTERVAL_MS);
    };
    this.signal.addEventListener('abort', interrupt);
    const poll = onProgress && setInterval(() => onProgress(this.progress()), PROGRESS_INTERVAL_MS);
    return {
      stop: () => {
        this.signal.removeEventListener('abort', interrupt);
        clearInterval(poll);
        clearInterval(repeat);
      },
    };
  }

  private progress(): QueryProgress {
    const { percentage, rows_processed: rows } = this.connection.progress;
    // The engine says -1 before it knows, and 0 for plans that it cannot measure.
    return { percent: percentage > 0 ? Math.min(percentage, 100) : null, rows: rows > 0n ? Number(rows) : null };
  }
}

/** Numbers and booleans as they are, 64-bit and wider integers as bigint, all else as text, lists and objects. */
const toJs: DuckDBValueConverter<Json | bigint> = (value, type, converter) =>
  // The converter of the driver is typed for JSON; with a bigint inside it does the same work.
  typeof value === 'bigint' ? value : JsonDuckDBValueConverter(value, type, converter as DuckDBValueConverter<Json>);

export function rowsOf(reader: DuckDBResultReader): Record<string, unknown>[] {
  return reader.convertRowObjects(toJs);
}
