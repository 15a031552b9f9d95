import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testConfig } from '../../test/support/config.js';
import type { DatasetFiles } from '../datasets/dataset-files.js';
import type { Limits } from '../limits/limits.js';
import { DuckDbEngine } from '../platform/query-engine/duckdb-engine.js';
import { ProcessEngine } from '../platform/query-engine/process-engine.js';
import { ResultWriter } from '../results/result-writer.js';
import { RunEngine } from '../results/run-engine.js';
import type { RunContext } from '../runs/run-context.js';
import type { Run } from '../runs/run.js';
import { LocalStorage } from '../storage/drivers/local.js';
import { CodeReport, type ReportRow } from './code-report.js';
import type { DefinitionsCatalogue } from './definitions-catalogue.js';
import type { DefinitionsService } from './definitions.service.js';
import { ReportRunner } from './report-runner.js';

/** Never stops by itself. */
class Endless extends CodeReport {
  made = 0;

  *generate(): Iterable<ReportRow> {
    for (;;) yield { n: (this.made += 1), t: 'x'.repeat(100) };
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-runner-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const MANY = 1_000_000_000;

it.each([
  [{ rows: 50, bytes: MANY }, /the 50 rows/],
  [{ rows: MANY, bytes: 100_000 }, /the 100000 bytes/],
])('ends a report of code beyond the limits of its owner: %j', async (limits, message) => {
  const report = new Endless();
  const runner = new ReportRunner(
    { getVersion: async () => Promise.resolve(DEFINITION) } as unknown as DefinitionsService,
    { codeReport: () => report } as unknown as DefinitionsCatalogue,
    {} as DatasetFiles,
    new RunEngine(new DuckDbEngine(testConfig()), new ProcessEngine(testConfig()), {
      of: async () => Promise.resolve(limits),
    } as unknown as Limits),
    new ResultWriter(await LocalStorage.open({ root: join(folder, 'storage'), publicUrl: '', signingKey: 'k' })),
  );
  const directory = await mkdtemp(join(folder, 'attempt-'));
  const context = { run: RUN, directory, signal: new AbortController().signal, progress: () => undefined };
  const ended = runner.run(context as unknown as RunContext);
  await expect(ended).rejects.toMatchObject({ code: 'limit-reached', retryable: false });
  await expect(ended).rejects.toThrow(message);
  if (limits.rows < MANY) expect(report.made).toBe(limits.rows + 1);
});

const DEFINITION = { name: 'endless', origin: 'code', sql: null, columns: [{ name: 'n', type: 'BIGINT' }] };
const RUN = { owner: 'ann', name: 'endless', failures: 0, parameters: {}, timeZone: 'UTC' } as Run;
