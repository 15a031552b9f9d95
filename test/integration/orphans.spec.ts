import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CreateMultipartUploadCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RetentionApp } from '../support/retention-app.js';
import { localFiles, s3Files, type StoredFiles } from '../support/stored-files.js';
import { StoredWorld } from '../support/stored-world.js';

const PREFIX = 'some/app/';
const SEEDS = [7, 2026];
const POINTED_TO = `
  SELECT manifest->>'key' AS key FROM runs WHERE status = 'completed'
  UNION ALL SELECT artifacts.key FROM artifacts JOIN runs ON runs.id = run_id WHERE artifacts.status = 'ready' AND runs.status = 'completed'
  UNION ALL SELECT key FROM export_pages
  UNION ALL SELECT key FROM dataset_versions`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-orphans-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each([
  { driver: 'local', redis: 5, runs: 60, open: async () => localFiles(join(folder, 'storage')) },
  {
    driver: 's3',
    redis: 6,
    // Every request passes through two servers.
    runs: 24,
    open: async () => {
      const files = await s3Files();
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, files.environment[name]);
      return files;
    },
  },
])('stored in $driver', ({ driver, redis, runs, open }) => {
  let files: StoredFiles;
  let app: RetentionApp;
  beforeAll(async () => {
    files = await open();
    app = await RetentionApp.start(redis, { ...files.environment, S3_PREFIX: PREFIX, DATASET_KEEP_VERSIONS: '2' });
  });
  afterAll(async () => {
    await app.stop();
    await files.close();
    vi.unstubAllEnvs();
  });

  it.each(SEEDS)('removes nothing that a row points to, and every old orphan (seed %i)', async (seed) => {
    await app.sql.query('TRUNCATE runs, datasets CASCADE');
    await removeAll(app);
    const world = new StoredWorld(app, seed);
    await world.fill(runs, runs / 4);
    const before = await nextMoment(app);
    await world.addYoung();
    const all = await keys(app);
    expect((await app.sweepOrphans(before, { remove: false })).orphans).toBeGreaterThanOrEqual(world.orphans.size);
    expect(await keys(app)).toEqual(all);

    for (let round = 0; round < 3; round += 1) {
      const several = [1, 2, 3].flatMap(() => [app.sweepRuns(), app.sweepOld(), app.sweepOrphans(before)]);
      await Promise.all(several);
    }

    const left = await keys(app);
    expect(left).toEqual([...world.kept].sort());
    const { rows } = await app.sql.query<{ key: string }>(POINTED_TO);
    expect(rows.length).toBeGreaterThan(runs / 4);
    for (const { key } of rows) expect(await text(await app.storage.read(key))).toBe(key);
    expect(await app.sweepOrphans(before)).toMatchObject({ orphans: 0, failed: 0 });
  });

  it.runIf(driver === 's3')('leaves alone what lies outside its prefix, and uploads of runs that live', async () => {
    await app.sql.query('TRUNCATE runs, datasets CASCADE');
    const client = s3Client(files);
    const Bucket = files.environment['S3_BUCKET'];
    const outside = [`runs/${randomUUID()}/1/x`, `some/runs/${randomUUID()}/1/x`];
    for (const Key of outside) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const alive = randomUUID();
    await app.sql.query(
      `INSERT INTO runs (id, owner, kind, name, definition_version, status, parameters, time_zone, inputs, fingerprint, attempt,
         available_at, timeout_seconds, created_at, expires_at, lease_until)
       VALUES ($1, 'ann', 'report', 'r', 1, 'running', '{}', 'UTC', '[]', 'f', 1, now(), 60, now(), now(), now() + interval '1 hour')`,
      [alive],
    );
    const begun = [outside[0], `${PREFIX}notes/x`, `${PREFIX}runs/${alive}/1/x`, `${PREFIX}runs/${randomUUID()}/1/x`];
    for (const Key of begun) await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const before = await nextMoment(app);
    await client.send(new CreateMultipartUploadCommand({ Bucket, Key: `${PREFIX}runs/${randomUUID()}/1/young` }));
    expect(await app.sweepOrphans(before, { remove: false })).toMatchObject({ uploads: 1 });
    expect(await files.unfinished()).toBe(5);
    await app.sweepOrphans(before);
    expect(await files.unfinished()).toBe(4);
    expect([...(files.recorder?.openUploads.values() ?? [])]).not.toContain(begun[3]);
    for (const key of outside) expect(await files.keys(key)).toEqual([key]);
    client.destroy();
  });

  it.runIf(driver === 'local')('removes old temporary files', async () => {
    const incoming = join(folder, 'storage/~incoming');
    for (const name of ['old', 'young']) await writeFile(join(incoming, name), 'x');
    await utimes(join(incoming, 'old'), new Date(0), new Date(0));
    expect(await app.sweepOrphans(new Date(Date.now() - 3_600_000))).toMatchObject({ uploads: 1 });
    expect(await files.unfinished()).toBe(1);
  });
});

async function keys(app: RetentionApp): Promise<string[]> {
  return (await Array.fromAsync(app.storage.list(''))).map(({ key }) => key).filter((key) => key !== PROBE).sort(); // prettier-ignore
}

async function removeAll(app: RetentionApp): Promise<void> {
  const folders = new Set((await keys(app)).map((key) => key.slice(0, key.indexOf('/') + 1)));
  for (const name of folders) await app.storage.removeAll(name);
}

const PROBE = 'probe';

/** A moment by the storage's clock that is later than everything written so far, and not later than what is written next. */
async function nextMoment(app: RetentionApp): Promise<Date> {
  const write = async (): Promise<number> => {
    await app.storage.put(PROBE, Readable.from(['x']), { contentType: 'text/plain' });
    return (await app.storage.head(PROBE))?.modifiedAt.getTime() ?? 0;
  };
  const last = await write();
  let next = last;
  await expect.poll(async () => (next = await write()), { timeout: 10_000 }).toBeGreaterThan(last);
  return new Date(next);
}

function s3Client({ environment, recorder }: StoredFiles): S3Client {
  const credentials = {
    accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
  const endpoint = recorder?.endpoint ?? '';
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}
