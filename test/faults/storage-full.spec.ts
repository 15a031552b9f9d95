import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { S3Recorder } from '../contracts/s3-recorder.js';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { filesBelow, type ServiceProcess } from '../support/processes.js';
import { fill, hasTinyDisks, seenBy } from '../support/tiny-disk.js';

const environment = { RUN_RETRY_DELAY_SECONDS: '1', RUN_SWEEP_SECONDS: '1', RUN_MAX_ATTEMPTS: '2' };
const MB = 1024 * 1024;
const detail = expect.stringContaining('storage is full') as string;
const hashes = { report_name: 'hashes', format: 'csv' };

/** 3.6 MB of CSV and 2 MB of Parquet. */
const defineHashes = async ({ client }: Deployment) =>
  client.define({
    name: hashes.report_name,
    sql: 'SELECT range AS id, sha256(CAST(range AS VARCHAR)) AS hash FROM range(50000)',
  });

// No server for tests has a quota: the recorder before it answers in its place, as Ceph and MinIO do.
describe.each([
  ['Ceph', { status: 403, body: '<Error><Code>QuotaExceeded</Code></Error>' }],
  ['MinIO', { status: 507, body: '<Error><Code>XMinioStorageFull</Code></Error>' }],
])('an S3 storage that is full, as %s says it', (_, full) => {
  let deployment: Deployment;
  let recorder: S3Recorder;

  beforeAll(async () => {
    deployment = await Deployment.start({ storage: 's3', environment });
    recorder = deployment.files.recorder!;
    await defineHashes(deployment);
  });
  beforeEach(() => {
    recorder.intercept = (method) => (method === 'PUT' || method === 'POST' ? full : undefined);
  });
  afterAll(() => deployment.stop());

  it('completes the run when there is space again', async () => {
    const { client, files } = deployment;
    const { body } = await client.create(hashes);
    await client.event(body.report_id, ({ data }) => data.status === 'queued' && data.attempt === 1);
    recorder.intercept = () => undefined;
    expect(await client.ended(body.report_id)).toMatchObject({ status: 'completed', attempt: 2, error: null });
    expect(await files.keys(`runs/${body.report_id}/`)).toHaveLength(2);
  });

  it('ends the run with an error that says so, and keeps nothing', async () => {
    const ended = await deployment.client.run(hashes);
    expect(ended).toMatchObject({ status: 'error', error: { code: 'storage-full', detail, attempt: 2 } });
    expect(await deployment.files.keys(`runs/${ended.report_id}/`)).toEqual([]);
    expect(await deployment.files.unfinished()).toBe(0);
  });

  it('refuses an upload as a whole: the version before stays', async () => {
    const { client } = deployment;
    recorder.intercept = () => undefined;
    await client.upload('things', 'id\n1\n');
    recorder.intercept = (method) => (method === 'PUT' ? full : undefined);
    const options = { raw: 'id\n1\n2\n', headers: { 'content-type': 'text/csv' } };
    const refused = await client.send('PUT', `${BASE}/datasets/things/content`, options);
    expect(refused).toMatchObject({ status: 503, body: { code: 'storage-full', detail } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await client.get(`${BASE}/datasets/things`)).body).toMatchObject({ versions: [{ version: 1, rows: 1 }] });
  });
});

describe.runIf(await hasTinyDisks())('a storage folder on a disk of 16 MB that is full', () => {
  let deployment: Deployment;
  let worker: ServiceProcess;
  let folder: string;

  beforeAll(async () => {
    deployment = await Deployment.start({ workers: 0, environment });
    await defineHashes(deployment);
    folder = join(deployment.folder, 'storage');
    worker = await deployment.startWorker({}, { folder, megabytes: 16 });
  });
  afterAll(() => deployment.stop());

  const stored = () => filesBelow(seenBy(worker.child.pid, folder));

  it('ends the run with an error that says so, keeps nothing, and goes on when there is space', async () => {
    const { client } = deployment;
    const makeRoom = await fill(worker.child.pid, folder, 13 * MB);
    const ended = await client.run(hashes);
    expect(ended).toMatchObject({ status: 'error', error: { code: 'storage-full', detail, attempt: 2 } });
    expect(await stored()).toHaveLength(1);

    await makeRoom();
    expect(await client.run(hashes)).toMatchObject({ status: 'completed', attempt: 1, total_rows: 50_000 });
    expect(await stored()).toHaveLength(2);
  });
});
