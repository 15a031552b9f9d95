import type { Connection, Submittable } from 'pg';
import { ONLY_COLUMN_PREFIX } from '../staged-table.js';
import type { TableFile } from '../table-file.js';
import type { Oddities, PostgresField } from './postgresql-types.js';

/** The driver calls these by name for the messages of the server. */
abstract class ServerQuery<T> implements Submittable {
  readonly done: Promise<T>;
  protected resolve: (value: T) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  constructor() {
    this.done = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  abstract submit(connection: Connection): void;

  handleError(error: Error): void {
    this.reject(error);
  }

  handleEmptyQuery(): void {
    // Followed by `readyForQuery`.
  }
}

interface RowDescription {
  fields: readonly { name: string; dataTypeID: number; dataTypeModifier: number }[];
}

/**
 * Has the server parse a text without running it. Only one statement can be parsed so: the server refuses any second one.
 * Resolves with its columns, or null when it has none.
 */
export class Describe extends ServerQuery<PostgresField[] | null> {
  private fields: PostgresField[] | null = null;

  constructor(private readonly text: string) {
    super();
  }

  override submit(connection: Connection): void {
    connection.parse({ name: '', text: this.text, types: [] }, true);
    connection.describe({ type: 'S', name: '' }, true);
    connection.sync();
  }

  handleRowDescription({ fields }: RowDescription): void {
    this.fields = fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
      name,
      typeId: dataTypeID,
      typeModifier: dataTypeModifier,
    }));
  }

  handleReadyForQuery(): void {
    this.resolve(this.fields);
  }
}

const NAN = Buffer.from('NaN');
const BC = Buffer.from(' BC');

export interface CopyOutJob {
  text: string;
  file: TableFile;
  isOnlyColumn: boolean;
  /** What to look for. What is found is set in `seen`. */
  watch: Oddities;
  seen: Oddities;
  /** When the file cannot be written. */
  onFailure: (error: unknown) => void;
}

/** Runs `COPY … TO STDOUT` into a file: a message of the server is a row. Resolves with the number of rows that the server tells. */
export class CopyOut extends ServerQuery<number> {
  private rows = 0;
  private stopped = false;
  private stream: Connection['stream'] | undefined;

  constructor(private readonly job: CopyOutJob) {
    super();
  }

  override submit(connection: Connection): void {
    this.stream = connection.stream;
    connection.query(this.job.text);
  }

  /** From now on rows are dropped: those that are under way have to be read before the server's last word. */
  stop(): void {
    this.stopped = true;
    this.stream?.resume();
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.stopped) return;
    const { file, isOnlyColumn, watch, seen } = this.job;
    if (watch.nan && !seen.nan && chunk.includes(NAN)) seen.nan = true;
    if (watch.bc && !seen.bc && chunk.includes(BC)) seen.bc = true;
    try {
      if (file.addRow(isOnlyColumn ? Buffer.concat([ONLY_COLUMN_PREFIX, chunk]) : chunk)) return;
      this.stream?.pause();
      file.drained(() => this.stream?.resume());
    } catch (error) {
      this.stop();
      this.job.onFailure(error);
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rows = Number(/^COPY (\d+)/.exec(text)?.[1]);
  }

  handleReadyForQuery(): void {
    this.resolve(this.rows);
  }
}
