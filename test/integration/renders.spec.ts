import { afterAll, beforeAll, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.js';
import { AuditRepository } from '../../src/audit/audit.repository.js';
import { Config } from '../../src/config/config.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { DuckDbEngine } from '../../src/platform/query-engine/duckdb-engine.js';
import { ProcessEngine } from '../../src/platform/query-engine/process-engine.js';
import { Broadcast } from '../../src/platform/queue/broadcast.js';
import { ArtifactsRepository, type Artifact } from '../../src/results/artifacts.repository.js';
import { RenderWorker } from '../../src/results/render-worker.js';
import { Renderer } from '../../src/results/renderer.js';
import { ResultWriter } from '../../src/results/result-writer.js';
import type { Limits } from '../../src/limits/limits.js';
import { RunEngine } from '../../src/results/run-engine.js';
import { Scratch } from '../../src/runs/scratch.js';
import type { Run } from '../../src/runs/run.js';
import { noBounds } from '../support/bounds.js';
import { RunsApp } from '../support/runs-app.js';

let app: RunsApp;
let artifacts: ArtifactsRepository;
let worker: RenderWorker;
beforeAll(async () => {
  // Enough for the engine to write 16,385 columns.
  app = await RunsApp.start(9, { ENGINE_MEMORY_MB: '2048' });
  const get = <T>(token: abstract new (...args: never[]) => T): T => app.app.get(token, { strict: false });
  const [config, storage] = [get(Config), app.storage];
  artifacts = new ArtifactsRepository(get(PrismaService), new AuditLog(new AuditRepository(get(PrismaService))));
  const engine = new RunEngine(new DuckDbEngine(config), new ProcessEngine(config), {
    of: async () => Promise.resolve(config.limits),
  } as unknown as Limits);
  const renderer = new Renderer(app.runs, storage, engine, new ResultWriter(storage), get(Scratch));
  worker = new RenderWorker(artifacts, renderer, storage, get(Broadcast), config);
});
afterAll(async () => {
  await app.stop();
});

/** A completed run with these rows as its result. */
async function completed(sql: string): Promise<Run> {
  const run = await app.create({ format: null });
  const engine = new DuckDbEngine(app.app.get(Config, { strict: false }));
  await app.execute(run, async (context) => {
    const session = await engine.open({ directory: context.directory, signal: context.signal });
    const rows = await session.materialize(sql, `${context.directory}/result.parquet`);
    try {
      return await new ResultWriter(app.storage).write(context, session, { rows, bounds: noBounds(context.signal) });
    } finally {
      await session.close();
    }
  });
  return await app.show(run);
}

async function render(run: Run, format: string): Promise<Artifact | null> {
  const wanted = await artifacts.want(run.id, format);
  await worker.work(wanted.id);
  return await artifacts.findOfRun(run.id, format);
}

it('keeps what a later render had to change, and its rows', async () => {
  const run = await completed(`SELECT unnest(['=1', repeat('a', 40000), '@b']) AS t`);
  expect(run.status).toBe('completed');
  expect(await render(run, 'xlsx')).toMatchObject({
    status: 'ready',
    rows: 3,
    warnings: [
      'xlsx: 1 text cells were cut to the 32,767 characters that Excel holds.',
      'xlsx: 2 text cells look like formulas and are marked as text.',
    ],
  });
  expect(await render(run, 'parquet')).toMatchObject({ status: 'ready', rows: 3, warnings: [] });
});

it('says why a table does not fit, and leaves no file of it', async () => {
  const columns = Array.from({ length: 16_385 }, (_, index) => `1 AS c${String(index)}`);
  const run = await completed(`SELECT ${columns.join(', ')}`);
  expect(await render(run, 'xlsx')).toMatchObject({
    status: 'error',
    error: {
      code: 'render-failed',
      detail: expect.stringMatching(
        /at most 16,384 columns, and the result has 16,385\. Select fewer columns/,
      ) as string,
    },
  });
  expect(await app.filesOf(run)).toEqual(['1/result.parquet']);
});
