import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { ProcessEngine } from './process-engine.js';
import type { QuerySession } from './query-engine.js';
import { QueryEngineLost, QueryOutOfMemory } from './query-errors.js';

const HEAVY = 'SELECT count(*) AS n FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7';
const ROOT = join(import.meta.dirname, '../../..');
const RUN_TYPESCRIPT = join(ROOT, 'scripts/run-typescript.ts');
const OWNER = join(ROOT, 'test/support/engine-owner.ts');
const ENTRY = 'engine-process';
const engine = new ProcessEngine(
  parseEnvironment({
    DATABASE_URL: 'postgresql://127.0.0.1/none',
    REDIS_URL: 'redis://127.0.0.1',
    STORAGE_ROOT: tmpdir(),
    STORAGE_SIGNING_KEY: 'k'.repeat(32),
  }),
);

/** Process ids of the engines that a process has started and that still run (Linux). */
async function enginesOf(parent: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${String(parent)}/task`);
  const children = await Promise.all(
    tasks.map((task) => readFile(`/proc/${String(parent)}/task/${task}/children`, 'utf8').catch(() => '')),
  );
  const found: number[] = [];
  for (const pid of children.join(' ').split(/\s+/).filter(Boolean)) {
    if ((await commandOf(Number(pid))).includes(ENTRY)) found.push(Number(pid));
  }
  return found;
}

const commandOf = (pid: number) => readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');

describe.runIf(process.platform === 'linux')(ProcessEngine, () => {
  let directory: string;
  let session: QuerySession | undefined;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'isolated-'));
  });
  afterEach(async () => {
    await session?.close();
    session = undefined;
    await rm(directory, { recursive: true });
    expect(await enginesOf(process.pid)).toEqual([]);
  });
  const open = async (signal?: AbortSignal) => {
    session = await engine.open({ directory, ...(signal && { signal }) });
    const [pid = 0] = await enginesOf(process.pid);
    return { session, pid };
  };

  it('gives its process nothing of the environment of the worker', async () => {
    process.env['ISOLATED_SECRET'] = 'not-for-children';
    const { pid } = await open();
    const environment = await readFile(`/proc/${String(pid)}/environ`, 'utf8');
    expect(environment.split('\0').map((entry) => entry.split('=', 1)[0])).toEqual([
      'MALLOC_ARENA_MAX',
      'NODE_CHANNEL_FD',
      'NODE_CHANNEL_SERIALIZATION_MODE',
      '',
    ]);
    expect(await readFile(`/proc/${String(pid)}/oom_score_adj`, 'utf8')).toBe('1000\n');
  });

  it.each(['SIGKILL', 'SIGSEGV'] as const)('tells that its process was ended by %s, then and later', async (signal) => {
    const { session, pid } = await open();
    const statements = [session.query(HEAVY), session.materialize('SELECT 1 AS n', 'r.parquet')];
    process.kill(pid, signal);
    for (const { status, ...outcome } of await Promise.allSettled(statements)) {
      expect(status).toBe('rejected');
      expect(outcome).toMatchObject({ reason: { code: 'query-engine-lost', retryable: true, retryAfter: 10 } });
    }
    await expect(session.query('SELECT 1')).rejects.toThrow(QueryEngineLost);
    await session.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('does not wait for a process that no longer answers', async () => {
    const controller = new AbortController();
    const { session, pid } = await open(controller.signal);
    const refused = expect(session.query('SELECT 1')).rejects.toThrow('enough');
    process.kill(pid, 'SIGSTOP');
    controller.abort(new Error('enough'));
    await refused;
    expect(await commandOf(pid)).toBe('');
  }, 2_000);

  it('ends with a statement that takes memory which the engine does not count', async () => {
    const { session, pid } = await open();
    const statements = [session.describe("SELECT length(repeat('a', 3000000000)) AS n"), session.query('SELECT 1')];
    for (const { reason } of (await Promise.allSettled(statements)) as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(QueryOutOfMemory);
      expect(String(reason)).toContain('256 MB');
    }
    await expect(session.query('SELECT 1')).rejects.toThrow(QueryEngineLost);
    expect(await commandOf(pid)).toBe('');
  }, 30_000);

  it('leaves signals for the whole group to the process that started it', async () => {
    const { session, pid } = await open();
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    expect(await session.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('refuses to hand over more rows than belong into memory', async () => {
    const { session } = await open();
    expect(await session.query('SELECT range AS n FROM range(10000)')).toHaveLength(10_000);
    await expect(session.query('SELECT range AS n FROM range(10001)')).rejects.toThrow('10000 rows at most');
  });

  it('does not begin when it was aborted before, nor in a folder that is not there', async () => {
    const late = engine.open({ directory, signal: AbortSignal.abort(new Error('too late')) });
    await expect(late).rejects.toThrow('too late');
    await expect(engine.open({ directory: join(directory, 'none') })).rejects.toThrow('ENOENT');
  });

  it('ends when the process that started it was killed, and touches no file', async () => {
    await writeFile(join(directory, 'upload'), 'a\n1\n');
    const parent = fork(RUN_TYPESCRIPT, [OWNER, directory, HEAVY]);
    try {
      await message(parent);
      const [pid = 0] = await enginesOf(parent.pid ?? 0);
      expect(await commandOf(pid)).toContain(ENTRY);
      parent.kill('SIGKILL');
      await vi.waitFor(async () => expect(await commandOf(pid)).toBe(''), { timeout: 20_000 });
      expect(await readdir(directory)).toContain('upload');
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

function message(from: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    from.once('message', resolve);
    from.once('exit', (code) => reject(new Error(`It ended with ${String(code)}.`)));
  });
}
