import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DuckDbEngine } from '../../src/platform/query-engine/duckdb-engine.js';
import { parseDefinitionFile } from '../../src/reports/definition-file.js';
import type { Definition } from '../../src/reports/definition.js';
import { bindParameters } from '../../src/reports/parameters/parameter-binding.js';
import { validateParameters } from '../../src/reports/parameters/parameter-validation.js';
import { testConfig } from './config.js';

export type Row = Record<string, unknown>;

export interface ReportInput {
  /** Dataset name to a SELECT that makes its rows. */
  tables?: Readonly<Record<string, string>>;
  /** Dataset name to CSV or NDJSON text. */
  files?: Readonly<Record<string, { text: string; reader: 'read_csv' | 'read_json' }>>;
  parameters?: unknown;
  timeZone?: string;
}

export const catalogueFolder = resolve(import.meta.dirname, '../../catalogue');
const engine = new DuckDbEngine(testConfig());

export async function loadDefinition(name: string): Promise<Definition> {
  return parseDefinitionFile(await readFile(join(catalogueFolder, `${name}.sql`), 'utf8'), `${name}.sql`);
}

/** Runs a shipped definition as a worker does: Parquet inputs, validated and bound parameters, a Parquet result. */
export async function runReport(name: string, input: ReportInput): Promise<Row[]> {
  const { tables = {}, files = {}, parameters = {}, timeZone = 'UTC' } = input;
  const definition = await loadDefinition(name);
  const values = bindParameters(definition, validateParameters(definition, parameters));
  const directory = await mkdtemp(join(tmpdir(), 'report-'));
  const session = await engine.open({ directory, timeZone });
  try {
    for (const { name: dataset, columns } of definition.datasets) {
      const [rows, file] = [tables[dataset], files[dataset]];
      if (rows !== undefined) {
        await session.materialize(rows, `${dataset}.parquet`);
      } else if (file !== undefined) {
        await writeFile(join(directory, dataset), file.text);
        const target = join(directory, `${dataset}.parquet`);
        await session.query(`COPY (SELECT * FROM ${file.reader}('${join(directory, dataset)}')) TO '${target}'`);
      } else {
        throw new Error(`The test gives no rows for ${dataset}.`);
      }
      await session.relate(dataset, `${dataset}.parquet`, columns);
    }
    await session.materialize(definition.sql ?? '', 'result.parquet', { parameters: values });
    await session.relate('result', 'result.parquet');
    return await session.query('SELECT * FROM result');
  } finally {
    await session.close();
    await rm(directory, { recursive: true });
  }
}
