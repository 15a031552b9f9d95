import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FormatName, FormatOptions, Rendered } from '../../src/formats/format.js';
import { FORMATS } from '../../src/formats/formats.js';
import { DuckDbEngine } from '../../src/platform/query-engine/duckdb-engine.js';
import type { QuerySession } from '../../src/platform/query-engine/query-engine.js';
import { describeColumns } from '../../src/results/result-columns.js';
import { testConfig } from './config.js';

/** Renders what statements select, as a run would do it, in a folder of its own. */
export class RenderBench {
  private files = 0;

  private constructor(
    readonly directory: string,
    readonly session: QuerySession,
  ) {}

  static async open(): Promise<RenderBench> {
    const directory = await mkdtemp(join(tmpdir(), 'formats-'));
    return new RenderBench(directory, await new DuckDbEngine(testConfig()).open({ directory }));
  }

  async render(format: FormatName, sql: string, options: FormatOptions = {}): Promise<Rendered & { file: string }> {
    this.files += 1;
    const table = `t${String(this.files)}`;
    const expected = await this.session.materialize(sql, `${table}.parquet`);
    await this.session.relate(table, join(this.directory, `${table}.parquet`));
    const file = join(this.directory, `${table}.out`);
    const rendered = await FORMATS[format].render({
      session: this.session,
      table,
      columns: await describeColumns(this.session, table),
      file,
      modified: new Date('2026-02-03T04:05:06.789Z'),
      baseName: 'a-report',
      options,
    });
    if (rendered.rows !== expected) throw new Error(`${String(rendered.rows)} of ${String(expected)} rows`);
    return { file, ...rendered };
  }

  async close(): Promise<void> {
    await this.session.close();
    await rm(this.directory, { recursive: true });
  }
}
