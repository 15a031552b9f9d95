import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { shapeQuery } from '../../src/exports/shape/shape.js';
import { shapeSpec } from '../../src/exports/shape/shape-spec.js';
import { DuckDbEngine } from '../../src/platform/query-engine/duckdb-engine.js';
import type { QueryColumn, QuerySession } from '../../src/platform/query-engine/query-engine.js';
import { testConfig } from './config.js';

export type ShapeBody = z.input<typeof shapeSpec>;

/** What a shape made of a source: names and types in their order, and the values of each row in the order of the file. */
export interface ShapedResult {
  names: string[];
  types: string[];
  rows: unknown[][];
  keepsRows: boolean;
  warnings: string[];
  sql: string;
}

/** Shapes what statements select, through the steps that a run of an export takes: describe, shape, write, read. */
export class ShapeBench {
  private files = 0;

  private constructor(
    private readonly directory: string,
    readonly session: QuerySession,
  ) {}

  static async open(timeZone = 'UTC'): Promise<ShapeBench> {
    const directory = await mkdtemp(join(tmpdir(), 'shape-'));
    return new ShapeBench(directory, await new DuckDbEngine(testConfig()).open({ directory, timeZone }));
  }

  async shape(source: string, body: ShapeBody = {}): Promise<ShapedResult> {
    this.files += 1;
    const file = `t${String(this.files)}.parquet`;
    await this.session.query(`COPY (${source}) TO '${join(this.directory, file)}' (FORMAT parquet)`);
    await this.session.relate('source', file);
    const spec = shapeSpec.parse(body);
    const { sql, parameters, keepsRows, warnings } = shapeQuery('source', await this.columns('source'), spec);
    const result = `r${String(this.files)}`;
    await this.session.materialize(sql, `${result}.parquet`, { parameters });
    await this.session.relate(result, `${result}.parquet`);
    const columns = await this.columns(result);
    const records = await this.session.query(`SELECT * FROM ${result}`);
    return {
      names: columns.map(({ name }) => name),
      types: columns.map(({ type }) => type),
      rows: records.map((record) => columns.map(({ name }) => record[name])),
      keepsRows,
      warnings,
      sql,
    };
  }

  async close(): Promise<void> {
    await this.session.close();
    await rm(this.directory, { recursive: true });
  }

  private async columns(table: string): Promise<QueryColumn[]> {
    return await this.session.describe(`SELECT * FROM ${table}`);
  }
}
