import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../config/config.js';
import { IsolatedQueryEngine, type QueryColumn, type QueryParameters } from '../platform/query-engine/query-engine.js';
import { QueryInvalid } from '../platform/query-engine/query-errors.js';
import { quoteName, quoteText } from '../platform/query-engine/statement-text.js';

/** Binding needs next to nothing. */
const LIMITS = { memoryMb: 64, threads: 1, spillMb: 1 };

/** Constants are computed while a statement is bound, and may be made to take for ever. */
const PATIENCE_MS = 10_000;

/** An empty table to bind against. `expected` columns that it lacks are added as NULL. */
export interface EmptyTable {
  name: string;
  columns: readonly QueryColumn[];
  expected?: Readonly<Record<string, string>>;
}

/** Tries a query without data: parses and binds it against empty tables with the columns of the datasets. */
@Injectable()
export class DatasetDryRun {
  constructor(
    private readonly engine: IsolatedQueryEngine,
    private readonly config: Config,
  ) {}

  /** The columns of the result. Throws `QueryInvalid` with the engine's message and position. */
  async describe(tables: readonly EmptyTable[], sql: string, parameters: QueryParameters = {}): Promise<QueryColumn[]> {
    const directory = join(this.config.scratchDir, 'dry-runs', randomUUID());
    await mkdir(directory, { recursive: true });
    try {
      const late = new AbortController();
      const session = await this.engine.open({ directory, limits: LIMITS, signal: late.signal });
      let timer: NodeJS.Timeout | undefined;
      try {
        for (const { name, columns, expected } of tables) {
          const file = join(directory, `${name}.parquet`);
          const nulls = columns.map((column) => `CAST(NULL AS ${column.type}) AS ${quoteName(column.name)}`);
          await session.query(`COPY (SELECT ${nulls.join(', ')} LIMIT 0) TO ${quoteText(file)} (FORMAT parquet)`);
          await session.relate(name, file, expected);
        }
        timer = setTimeout(() => late.abort(tooSlow()), PATIENCE_MS);
        return await session.describe(sql, parameters);
      } finally {
        clearTimeout(timer);
        await session.close();
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

function tooSlow(): QueryInvalid {
  const detail = `It takes longer than ${String(PATIENCE_MS / 1000)} s to check, before it reads any rows.`;
  return new QueryInvalid(`The SQL cannot be used: ${detail} Make its constants simpler.`, {
    places: [{ pointer: '/sql', detail }],
  });
}
