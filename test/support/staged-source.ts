import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSpec } from '../../src/exports/sources/database-spec.js';
import { DatabaseSource } from '../../src/exports/sources/database.js';
import type { Staged } from '../../src/exports/sources/source.js';
import { DuckDbEngine } from '../../src/platform/query-engine/duckdb-engine.js';
import type { QuerySession } from '../../src/platform/query-engine/query-engine.js';
import type { ProgressDetail } from '../../src/runs/progress-meter.js';
import { RunStatus, type Run } from '../../src/runs/run.js';
import { noBounds } from './bounds.js';
import { testConfig } from './config.js';

export type Row = Record<string, unknown>;
export type DatabaseRequest = Omit<DatabaseSpec, 'type'>;

export interface StagedRows extends Staged {
  /** The relation `source`, as text where the wire would have text. */
  found: Row[];
}

export interface StageOptions {
  environment?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  deadline?: Date;
  onProgress?: (detail: ProgressDetail) => void;
}

const OWNER = 'me';
const SEAL_KEY = 'a-seal-key-that-only-the-tests-use';
/** Servers of the tests are private. */
export const CLIENT_URLS = { EXPORT_ALLOW_DB_URL: 'true', EXPORT_SEAL_KEY: SEAL_KEY, OUTBOUND_ALLOW: '127.0.0.1' };

/** Environment with one configured connection, `shop`. */
export const connectionTo = (url: string) => ({
  EXPORT_DATABASES: JSON.stringify({ shop: { url, owners: [OWNER] } }),
});

/** Checks, keeps and stages a source as the service and then a worker do, and reads what is there. */
export async function stageDatabase(request: DatabaseRequest, options: StageOptions = {}): Promise<StagedRows> {
  return await withStaged(request, options, async (staged, session) => ({
    ...staged,
    found: await session.query('SELECT * FROM source'),
  }));
}

/** The same, with a look at the relation of one's own. */
export async function withStaged<T>(
  request: DatabaseRequest,
  options: StageOptions,
  look: (staged: Staged, session: QuerySession, directory: string) => Promise<T>,
): Promise<T> {
  const { environment = {}, signal = new AbortController().signal, deadline, onProgress } = options;
  const source = new DatabaseSource(testConfig(environment));
  const spec: DatabaseSpec = { type: 'database', ...request };
  await source.check({ owner: OWNER, spec });
  const directory = await mkdtemp(join(tmpdir(), 'staged-'));
  const session = await new DuckDbEngine(testConfig()).open({ directory });
  try {
    const context = {
      run: exportRun(),
      signal,
      draining: new AbortController().signal,
      directory,
      deadlineAt: deadline ?? null,
      keyPrefix: 'runs/1/1/',
      progress: (_: unknown, detail: ProgressDetail = {}) => onProgress?.(detail),
    };
    const staged = await source.stage({
      spec: source.keep(spec),
      context,
      session,
      bounds: noBounds(signal),
      nested: 'json',
    });
    return await look(staged, session, directory);
  } finally {
    await session.close();
    await rm(directory, { recursive: true });
  }
}

function exportRun(): Run {
  const now = new Date();
  return {
    id: '01900000-0000-7000-8000-000000000000',
    owner: OWNER,
    kind: 'export',
    name: 'database',
    definitionVersion: 1,
    status: RunStatus.Running,
    revision: 1,
    parameters: {},
    format: null,
    formatOptions: {},
    timeZone: 'UTC',
    inputs: [],
    attempt: 1,
    failures: 0,
    timeoutSeconds: 60,
    deadlineAt: null,
    progress: null,
    error: null,
    manifest: null,
    totalRows: null,
    requestId: null,
    callbackUrl: null,
    createdAt: now,
    startedAt: now,
    finishedAt: null,
    expiresAt: now,
  };
}
