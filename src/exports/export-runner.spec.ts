import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testConfig } from '../../test/support/config.js';
import { DuckDbEngine } from '../platform/query-engine/duckdb-engine.js';
import { ProcessEngine } from '../platform/query-engine/process-engine.js';
import { RowCountMismatch } from '../results/result-errors.js';
import { ResultWriter } from '../results/result-writer.js';
import type { Limits } from '../limits/limits.js';
import { RunEngine } from '../results/run-engine.js';
import type { RunContext } from '../runs/run-context.js';
import type { Run, RunInput, RunPhase } from '../runs/run.js';
import { LocalStorage } from '../storage/drivers/local.js';
import { ExportRunner } from './export-runner.js';
import { exportSpec } from './export-spec.js';
import { columnsOf, Source, SOURCE_TABLE, type SourceJob, type Staged } from './sources/source.js';
import { Sources } from './sources/sources.js';

/** Five rows, of which it says that there are so many. */
class FiveRows extends Source {
  constructor(private readonly said: number | null) {
    super();
  }

  override async check(): Promise<RunInput[]> {
    return [];
  }

  override async stage({ session, context }: SourceJob<unknown>): Promise<Staged> {
    context.progress('fetch', { rows: 5 });
    await session.define(SOURCE_TABLE, 'SELECT range AS n, range * range AS square FROM range(5)');
    const columns = await columnsOf(session);
    return { columns, rows: this.said, warnings: ['from the source'], facts: { type: 'five' } };
  }
}

/** A source that had no records to know columns from. */
class Nothing extends FiveRows {
  constructor() {
    super(0);
  }

  override stage(): Promise<Staged> {
    return Promise.resolve({ columns: [], rows: 0, warnings: ['nothing came'], facts: {} });
  }
}

let folder: string;
let phases: RunPhase[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-'));
  phases = [];
});
afterEach(() => rm(folder, { recursive: true }));

describe('an export at work', () => {
  it('hands on what the source gave and said', async () => {
    const { manifest, artifact } = await run(5);
    expect(manifest).toMatchObject({ rows: 5, warnings: ['from the source'], source: { type: 'five' } });
    expect(manifest.columns.map(({ name }) => name)).toEqual(['n', 'square']);
    expect(artifact).toMatchObject({ format: 'csv', rows: 5 });
    expect([...new Set(phases)]).toEqual(['fetch', 'query', 'render', 'upload']);
  });

  it.each([
    ['fewer rows than the source says', 6, {}],
    ['more rows than the source says', 4, {}],
    ['fewer rows than the source says, of which a filter keeps some', 6, { filter: { n: { $gte: 3 } } }],
  ])('fails on %s', async (_, said, shape) => {
    await expect(run(said, shape)).rejects.toThrow(RowCountMismatch);
  });

  it.each([
    [
      'those that the request lists, in their places',
      {
        columns: [
          { name: 'b', column: 1 },
          { name: 'a', column: 'x', change_order: 0, type: 'integer' },
        ],
        filter: { b: { $gt: 1 } },
      },
      ['a', 'b'],
    ],
    [
      'those of its groups',
      { group_by: ['city'], aggregates: [{ name: 'n', function: 'count' }], sort: [{ column: 'n' }] },
      ['city', 'n'],
    ],
    ['one, if the request names none', {}, ['column1']],
  ])('has, of a source without records, the columns that can be known: %s', async (_, shape, names) => {
    const { manifest } = await run(0, shape, new Nothing());
    expect(manifest.columns.map(({ name }) => name)).toEqual(names);
    expect(manifest).toMatchObject({ rows: 0, warnings: ['nothing came'] });
  });

  it('counts before it filters, and takes the word of a source that cannot say', async () => {
    const shape = { filter: { n: { $gte: 3 } } };
    expect((await run(5, shape)).manifest.rows).toBe(2);
    expect((await run(null)).manifest.rows).toBe(5);
  });
});

async function run(said: number | null, shape: object = {}, source: Source = new FiveRows(said)) {
  const runner = new ExportRunner(
    new Sources(new Map([['dataset', source]])),
    new RunEngine(new DuckDbEngine(testConfig()), new ProcessEngine(testConfig()), {
      of: async () => Promise.resolve(testConfig().limits),
    } as unknown as Limits),
    new ResultWriter(await LocalStorage.open({ root: join(folder, 'storage'), publicUrl: '', signingKey: 'k' })),
  );
  const directory = await mkdtemp(join(folder, 'attempt-'));
  const never = new AbortController().signal;
  const context: RunContext = {
    run: { ...RUN, parameters: exportSpec.parse({ source: { type: 'dataset', datasets: 'five' }, ...shape }) },
    ...{ directory, signal: never, draining: never, deadlineAt: null, keyPrefix: 'runs/1/1/' },
    progress: (phase) => phases.push(phase),
  };
  return await runner.run(context);
}

const RUN: Run = {
  ...{ id: '1', owner: 'ann', kind: 'export', name: 'five', definitionVersion: 1, status: 'running', revision: 2 },
  ...{ parameters: {}, format: 'csv', formatOptions: {}, timeZone: 'UTC', inputs: [], attempt: 1, failures: 0 },
  ...{ timeoutSeconds: 60, deadlineAt: null, progress: null, error: null, manifest: null, totalRows: null },
  ...{
    requestId: null,
    callbackUrl: null,
    createdAt: new Date(0),
    startedAt: null,
    finishedAt: null,
    expiresAt: new Date(0),
  },
};
