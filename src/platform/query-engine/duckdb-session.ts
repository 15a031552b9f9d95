import { rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { toBindings } from './bind.js';
import { toQueryError, type ErrorContext } from './duckdb-errors.js';
import { exactProjection, exactType } from './exact-types.js';
import type { QueryColumn, QueryLimits, QueryOptions, QueryParameters, QuerySession } from './query-engine.js';
import { QueryInvalid } from './query-errors.js';
import { rowsPerGroup } from './row-groups.js';
import { checkSelect } from './sandbox.js';
import { checkType, quoteName, quoteText, withoutTerminator } from './statement-text.js';
import { rowsOf, Statements } from './statements.js';

/**
 * Rows in a Parquet row group of a result: the unit that is read to show one page. Measured with 5 million rows of 8
 * columns, 2 threads, zstd level 1 (a new engine each time; write, file, 10 rows at the end by file_row_number):
 * 10,240: 4.1 s, 184 MB, 13 ms; 20,480: 2.9 s, 183 MB, 8 ms; 40,960: 2.8 s, 197 MB, 5 ms; 122,880: 3.2 s, 194 MB, 12 ms.
 * Snappy wrote no faster and made files of 310 MB.
 */
const RESULT_ROWS_PER_GROUP = 40_960;
const RESULT_FORMAT = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1';

/** No name that a client can give to a relation. */
const COUNTER = 'longhaul_rows';

export interface SessionParts {
  instance: DuckDBInstance;
  connection: DuckDBConnection;
  /** Real path of the session's folder. */
  directory: string;
  /** The same folder in every way that a caller may write it. */
  folderNames: readonly string[];
  spillDirectory: string;
  limits: QueryLimits;
  signal: AbortSignal | undefined;
}

/** One in-memory DuckDB with one connection, shut to everything but its folder. */
export class DuckDbSession implements QuerySession {
  private readonly relations = new Set<string>();
  private readonly closing = new AbortController();
  private readonly statements: Statements;
  private closed: Promise<void> | undefined;

  constructor(private readonly parts: SessionParts) {
    const signals = [this.closing.signal, ...(parts.signal ? [parts.signal] : [])];
    this.statements = new Statements(parts.connection, AbortSignal.any(signals));
  }

  async relate(name: string, file: string, expected: Readonly<Record<string, string>> = {}): Promise<void> {
    const source = `read_parquet(${quoteText(this.pathOf(file))})`;
    await this.trusted(async () => {
      const described = await this.statements.run(`DESCRIBE SELECT * FROM ${source}`);
      const present = new Set(rowsOf(described).map((row) => String(row['column_name']).toLowerCase()));
      const missing = Object.entries(expected)
        .filter(([column]) => !present.has(column.toLowerCase()))
        .map(([column, type]) => `, CAST(NULL AS ${checkType(type)}) AS ${quoteName(column)}`);
      await this.statements.run(
        `CREATE OR REPLACE VIEW ${quoteName(name)} AS SELECT *${missing.join('')} FROM ${source}`,
      );
    });
    this.relations.add(name);
  }

  async define(name: string, select: string): Promise<void> {
    await this.trusted(() => this.statements.run(`CREATE OR REPLACE VIEW ${quoteName(name)} AS ${select}`));
    this.relations.add(name);
  }

  query(sql: string, options: QueryOptions = {}): Promise<Record<string, unknown>[]> {
    return this.trusted(async () => {
      const { parameters, onProgress } = options;
      const bindings = parameters && (await toBindings(this.parts.connection, parameters));
      return rowsOf(await this.statements.run(sql, { bindings, onProgress }));
    });
  }

  describe(sql: string, parameters: QueryParameters = {}): Promise<QueryColumn[]> {
    return this.statements.enqueue(async () => {
      const columns = await this.bind(sql, parameters);
      return columns.map(({ name, type }) => ({ name, type: exactType(type) }));
    });
  }

  materialize(sql: string, file: string, options: QueryOptions = {}): Promise<number> {
    const target = this.pathOf(file);
    return this.statements.enqueue(async () => {
      const { parameters = {}, onProgress } = options;
      // Also finds what COPY would hide: it renames columns of the same name.
      const columns = await this.bind(sql, parameters);
      const format = `${RESULT_FORMAT}, ROW_GROUP_SIZE ${String(rowsPerGroup(columns.length, RESULT_ROWS_PER_GROUP))}`;
      const projection = exactProjection(columns);
      const { rows } = this.parts.limits;
      if (rows !== undefined) await this.countTo(rows);
      const bound = rows === undefined ? '' : ` WHERE nextval(${quoteText(COUNTER)}) > 0`;
      const prefix = `COPY (SELECT ${projection ?? '*'} FROM (\n`;
      const suffix = `)${bound})`;
      const text = `${prefix}${withoutTerminator(sql)}\n${suffix} TO ${quoteText(target)} (${format})`;
      const reader = await this.translated({ sql, prefixBytes: prefix.length }, async () => {
        const bindings = await toBindings(this.parts.connection, parameters);
        return this.statements.run(text, { bindings, onProgress });
      });
      return Number(reader.value(0, 0));
    });
  }

  /**
   * A sequence that ends is the bound: it counts in all threads and ends the statement at once. Measured with 4 million rows of
   * 8 columns on a machine that had other work: in three of four runs 1.09 to 1.33 times as long as without a bound. A LIMIT
   * does the same in one thread, and took 1.5 to 2 times as long. Counting when all is written would cost nothing, but an
   * endless query would end only at the bytes that its file may have.
   */
  private async countTo(rows: number): Promise<void> {
    await this.statements.run(`CREATE OR REPLACE SEQUENCE ${COUNTER} MAXVALUE ${String(rows)} NO CYCLE`);
  }

  close(): Promise<void> {
    this.closed ??= this.shut();
    return this.closed;
  }

  /** Columns of an untrusted SELECT, after every check. */
  private bind(sql: string, parameters: QueryParameters): Promise<QueryColumn[]> {
    const prefix = 'DESCRIBE ';
    const text = withoutTerminator(sql);
    return this.translated({ sql, prefixBytes: prefix.length }, async () => {
      await this.check(sql);
      const bindings = await toBindings(this.parts.connection, parameters);
      const rows = rowsOf(await this.statements.run(prefix + text, { bindings }));
      const columns = rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
      checkNames(columns);
      return columns;
    });
  }

  private async check(sql: string): Promise<void> {
    const { values, types } = await toBindings(this.parts.connection, { sql: { type: 'VARCHAR', value: sql } });
    const reader = await this.statements.run('SELECT json_serialize_sql(CAST($sql AS VARCHAR))', {
      bindings: { values, types },
    });
    checkSelect(String(reader.value(0, 0)), sql, this.relations);
  }

  private trusted<T>(work: () => Promise<T>): Promise<T> {
    return this.statements.enqueue(() => this.translated(undefined, work));
  }

  private async translated<T>(source: ErrorContext['source'] | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (this.parts.signal?.aborted && error === this.parts.signal.reason) throw error;
      if (this.closing.signal.aborted && error === this.closing.signal.reason) throw error;
      const { directory, limits } = this.parts;
      throw toQueryError(error, { directory, limits, ...(source && { source }) });
    }
  }

  /** `file` is a name, or a path as the caller of the session knows its folder. */
  private pathOf(file: string): string {
    const name = basename(file);
    if (name !== file && !this.parts.folderNames.includes(dirname(resolve(file)))) {
      throw new TypeError('A file of a session must lie in its folder.');
    }
    return join(this.parts.directory, name);
  }

  private async shut(): Promise<void> {
    this.closing.abort(new Error('The query session was closed.'));
    await this.statements.idle();
    this.parts.connection.closeSync();
    this.parts.instance.closeSync();
    await rm(this.parts.spillDirectory, { recursive: true, force: true });
  }
}

/** The file formats and JSON rows name each value by its column. */
function checkNames(columns: readonly QueryColumn[]): void {
  const seen = new Map<string, string>();
  for (const { name } of columns) {
    const before = seen.get(name.toLowerCase());
    if (before !== undefined || name.trim() === '') {
      const detail = before === undefined ? 'A column has no name.' : `Two columns are named "${name}".`;
      throw new QueryInvalid(`The SQL cannot be used: ${detail} Give it a name of its own with AS.`, {
        places: [{ pointer: '/sql', detail }],
      });
    }
    seen.set(name.toLowerCase(), name);
  }
}
