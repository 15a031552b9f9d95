import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { S3Recorder } from '../contracts/s3-recorder.js';
import type { ReceivedEvent } from '../support/client.js';
import { Deployment } from '../support/deployment.js';

const request = { report_name: 'two-list-sum', list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 };
const serverError = { status: 500, body: '<Error><Code>InternalError</Code></Error>' };

let deployment: Deployment;
let recorder: S3Recorder;

beforeAll(async () => {
  const environment = { RUN_RETRY_DELAY_SECONDS: '1', RUN_SWEEP_SECONDS: '1', RUN_MAX_ATTEMPTS: '2' };
  deployment = await Deployment.start({ storage: 's3', environment });
  recorder = deployment.files.recorder!;
});
beforeEach(() => {
  recorder.intercept = () => undefined;
});
afterAll(() => deployment.stop());

it('tries a run again whose files could not be stored', async () => {
  const { client } = deployment;
  recorder.intercept = (method) => (method === 'PUT' ? serverError : undefined);
  const { body } = await client.create(request);
  await client.event(body.report_id, ({ data }) => data.status === 'queued' && data.attempt === 1);
  recorder.intercept = () => undefined;
  expect(await client.ended(body.report_id)).toMatchObject({ status: 'completed', attempt: 2, error: null });
  expect(await deployment.files.keys(`runs/${body.report_id}/`)).toHaveLength(2);
});

it('gives up after the attempts, with an error that says what is missing', async () => {
  recorder.intercept = () => serverError;
  const ended = await deployment.client.run(request);
  expect(ended).toMatchObject({ status: 'error', attempt: 2, error: { code: 'storage-unavailable', attempt: 2 } });
  expect(await statuses(ended.report_id)).toEqual(['queued', 'running', 'queued', 'running', 'error']);
  expect((await deployment.client.get('/health')).status).toBe(503);
});

async function statuses(id: string): Promise<string[]> {
  const events: ReceivedEvent[] = [];
  for await (const event of deployment.client.events(id)) events.push(event);
  return events.filter(({ type }) => type === 'status').map(({ data }) => data.status);
}
