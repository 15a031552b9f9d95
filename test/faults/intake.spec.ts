import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Message } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { IntakeMessageDto, IntakeMessageListDto } from '../../src/intake/dto/intake.dto.js';
import { BASE } from '../support/client.js';
import { CutProxy } from '../support/cut-proxy.js';
import { Deployment } from '../support/deployment.js';
import { FifoQueue, type FifoMessage } from '../support/fifo-queue.js';
import { createBucket, type TestBucket } from '../support/s3.js';

const MESSAGES = 1000;
/** Each is sent, and hit by one fault while it is worked on. */
const PHASE = MESSAGES / 4;
const GENRES = ['romance', 'scifi'] as const;
const AUTHORS = ['Ada', 'Ben', 'Cleo', 'Dag', 'Émile'];
const OUTAGE_MS = 5000;
/** What a killed worker had begun to tell is told by another one when its lease, of a minute, is over. */
const PATIENCE_MS = 240_000;

const outputSchema = z.strictObject({ file_name: z.string(), bucket: z.string(), id: z.string() });
const letterSchema = z.looseObject({
  id: z.string().nullable(),
  reason: z.object({ code: z.string(), detail: z.string(), pointer: z.string().nullable() }),
  body: z.string().optional(),
});

let deployment: Deployment;
let s3: CutProxy;
let sqs: CutProxy;
let input: FifoQueue;
let output: FifoQueue;
let deadLetters: FifoQueue;
let buckets: Record<(typeof GENRES)[number], TestBucket>;

beforeAll(async () => {
  const endpoint = inject('s3Endpoint');
  [s3, sqs] = await Promise.all([CutProxy.start(endpoint), CutProxy.start(endpoint)]);
  buckets = { romance: await createBucket(), scifi: await createBucket() };
  input = await FifoQueue.create(endpoint, 'input');
  output = await FifoQueue.create(endpoint, 'output');
  deadLetters = await FifoQueue.create(endpoint, 'dead-letters');
  deployment = await Deployment.start({
    storage: 's3',
    environment: {
      S3_ENDPOINT: s3.url,
      SQS_ENDPOINT: sqs.url,
      INTAKE_QUEUE_URL: input.url,
      INTAKE_OUTPUT_QUEUE_URL: output.url,
      INTAKE_DEAD_LETTER_QUEUE_URL: deadLetters.url,
      INTAKE_ROUTES: JSON.stringify({ romance: buckets.romance.bucket, scifi: buckets.scifi.bucket }),
      RUN_LEASE_SECONDS: '3',
      RUN_SWEEP_SECONDS: '1',
    },
  });
});
afterAll(async () => {
  await deployment.stop();
  for (const queue of [input, output, deadLetters]) queue.close();
  for (const { client } of Object.values(buckets)) client.destroy();
  await Promise.all([s3.stop(), sqs.stop()]);
});

const genreOf = (index: number) => GENRES[Math.floor(index / 3) % 2]!;
const authorOf = (index: number): string => AUTHORS[index % 5]!;

/** Titles repeat, and the text is written as no serializer would write it. No surrogate pairs: the server of the tests refuses them. */
function document(index: number): string {
  const fields = { id: `doc-${String(index)}`, title: `Tome ${String(index % 400)} – ś`, author: authorOf(index) };
  const rest = {
    year: String(1900 + (index % 100)),
    genre: genreOf(index),
    summary: 'Lorem ipsum\ndolor "sit" amet 学習',
  };
  return `${JSON.stringify({ ...fields, ...rest }, null, index % 3).slice(0, -1)} , "n": ${String(index)}.0 }`;
}

const message = (body: string, group: string, deduplicationId: string): FifoMessage => ({
  body,
  // A group of the queue is ASCII.
  group: encodeURIComponent(group),
  deduplicationId,
});

describe('1,000 messages, with a worker killed twice and S3 and SQS cut off once', () => {
  const bodies = new Map(Array.from({ length: MESSAGES }, (_, index) => [`doc-${String(index)}`, document(index)]));
  const outputs: Message[] = [];

  it(
    'become 1,000 output messages',
    async () => {
      await phase(0, killWorker);
      await phase(1, async () => await outage(s3));
      await phase(2, async () => await outage(sqs));
      await phase(3, killWorker);
      const take = async () => outputs.push(...(await output.take()));
      await expect.poll(take, { timeout: PATIENCE_MS, interval: 500 }).toBeGreaterThanOrEqual(MESSAGES);
    },
    PATIENCE_MS + 60_000,
  );

  it('each of which names its object, byte for byte the message, in the bucket of its genre', async () => {
    const seen = new Set<string>();
    for (const { Body, Attributes } of outputs) {
      const { id, bucket, file_name } = outputSchema.parse(JSON.parse(Body ?? ''));
      const genre = genreOf(Number(id.slice('doc-'.length)));
      expect(Attributes).toMatchObject({ MessageGroupId: genre, MessageDeduplicationId: id });
      expect(bucket).toBe(buckets[genre].bucket);
      const object = await buckets[genre].client.send(new GetObjectCommand({ Bucket: bucket, Key: file_name }));
      expect(await object.Body?.transformToString()).toBe(bodies.get(id));
      seen.add(id);
    }
    expect(seen.size).toBe(MESSAGES);
    expect(outputs).toHaveLength(MESSAGES);
    expect(await objects()).toBe(MESSAGES);
  });

  it('keep their order within a group', () => {
    for (const author of AUTHORS) {
      const inOrder = outputs
        .toSorted((a, b) => (sequenceOf(a) < sequenceOf(b) ? -1 : 1))
        .map(({ Body }) => Number(outputSchema.parse(JSON.parse(Body ?? '')).id.slice('doc-'.length)))
        .filter((index) => authorOf(index) === author);
      expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
      expect(inOrder).toHaveLength(MESSAGES / AUTHORS.length);
    }
  });

  it('leave the dead-letter queue and the input queue empty', async () => {
    expect(await deadLetters.take()).toEqual([]);
    expect(await input.take()).toEqual([]);
  });

  async function phase(number: number, fault: () => Promise<void>): Promise<void> {
    const before = await objects();
    const indexes = Array.from({ length: PHASE }, (_, index) => number * PHASE + index);
    await input.send(indexes.map((index) => message(document(index), authorOf(index), `doc-${String(index)}`)));
    await expect.poll(objects, { timeout: PATIENCE_MS, interval: 5 }).toBeGreaterThan(before);
    // Otherwise the fault would hit nothing.
    expect(await objects()).toBeLessThan(before + PHASE);
    await fault();
  }
});

describe('20 bad messages', () => {
  const good = { title: 'T', genre: 'scifi', author: 'Ada', year: '1999', summary: 's' };
  const bad: [string, string, string | null][] = [
    ['{"id": "x1", "title": ', 'invalid-json', null],
    ['plain text', 'invalid-json', null],
    ['{"id": "x2",}', 'invalid-json', null],
    ['[]', 'not-an-object', ''],
    ['null', 'not-an-object', ''],
    ['42', 'not-an-object', ''],
    [JSON.stringify({ ...good }), 'missing-field', '/id'],
    [JSON.stringify({ ...good, id: 7 }), 'wrong-type', '/id'],
    [JSON.stringify({ ...good, id: '' }), 'empty-field', '/id'],
    [JSON.stringify({ ...good, id: 'b1', title: undefined }), 'missing-field', '/title'],
    [JSON.stringify({ ...good, id: 'b2', title: ' ' }), 'empty-field', '/title'],
    [JSON.stringify({ ...good, id: 'b3', title: ['T'] }), 'wrong-type', '/title'],
    [JSON.stringify({ ...good, id: 'b4', genre: undefined }), 'missing-field', '/genre'],
    [JSON.stringify({ ...good, id: 'b5', genre: 'western' }), 'unknown-route', '/genre'],
    [JSON.stringify({ ...good, id: 'b6', author: 1 }), 'wrong-type', '/author'],
    [JSON.stringify({ ...good, id: 'b7', year: 1999 }), 'wrong-type', '/year'],
    [JSON.stringify({ ...good, id: 'b8', summary: null }), 'wrong-type', '/summary'],
    [JSON.stringify({ ...good, id: 'b9', title: 'a\u0000b' }), 'unusable-text', '/title'],
    [JSON.stringify({ ...good, id: 'doc-0' }), 'id-conflict', '/id'],
    [
      JSON.stringify({ type: 'report', id: 'b10', body: { report_name: 'no-such' } }),
      'run-refused',
      '/body/report_name',
    ],
  ];

  it('all end in the dead-letter queue, each with its reason, and hold nobody up', async () => {
    await input.send(bad.map(([body], index) => message(body, 'Ada', `bad-${String(index)}`)));
    const last = { ...good, id: 'after-the-bad-ones' };
    await input.send([message(JSON.stringify(last), 'Ada', last.id)]);
    const letters: z.infer<typeof letterSchema>[] = [];
    const take = async () => {
      const taken = await deadLetters.take();
      return letters.push(...taken.map(({ Body }) => letterSchema.parse(JSON.parse(Body ?? ''))));
    };
    await expect.poll(take, { timeout: 60_000 }).toBeGreaterThanOrEqual(bad.length);
    const reasonOf = new Map(letters.map(({ body, reason }) => [body, [reason.code, reason.pointer]]));
    expect(letters).toHaveLength(bad.length);
    for (const [body, code, pointer] of bad) expect(reasonOf.get(body)).toEqual([code, pointer]);
    const stored = async () =>
      (await deployment.client.get<IntakeMessageDto>(`${BASE}/intake/messages/${last.id}`)).body.state;
    await expect.poll(stored, { timeout: 30_000 }).toBe('stored');
    const path = `${BASE}/intake/messages?state=rejected&limit=100`;
    const { messages } = (await deployment.client.get<IntakeMessageListDto>(path)).body;
    expect(messages.filter(({ told_at }) => told_at !== null)).toHaveLength(bad.length);
  });
});

it('a worker that is told to stop ends within seconds, and leaves what is not stored to the next one', async () => {
  const before = await objects();
  const drained = Array.from({ length: PHASE }, (_, index) => {
    const fields = { id: `drained-${String(index)}`, title: `Drained ${String(index)}`, genre: genreOf(index) };
    return message(JSON.stringify(fields), authorOf(index), fields.id);
  });
  await output.take();
  await input.send(drained);
  await expect.poll(objects, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before);
  const asked = performance.now();
  await deployment.workers.at(-1)!.stop();
  expect(performance.now() - asked).toBeLessThan(10_000);
  expect(await objects()).toBeLessThan(before + PHASE);
  await deployment.startWorker();
  const outputs: Message[] = [];
  const take = async () => outputs.push(...(await output.take()));
  await expect.poll(take, { timeout: 60_000 }).toBeGreaterThanOrEqual(PHASE);
  expect(outputs).toHaveLength(PHASE);
  expect(await objects()).toBe(before + PHASE);
}, 180_000);

async function killWorker(): Promise<void> {
  await deployment.workers.at(-1)!.kill();
  await deployment.startWorker();
}

async function outage(proxy: CutProxy): Promise<void> {
  proxy.cut();
  // The length of the outage is what is asked for, not a wait for something.
  await delay(OUTAGE_MS);
  proxy.mend();
}

/** In both buckets. */
async function objects(): Promise<number> {
  let count = 0;
  for (const { bucket, client } of Object.values(buckets)) {
    const { KeyCount = 0, IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    if (IsTruncated === true) throw new Error('there are more objects than one page of a list has');
    count += KeyCount;
  }
  return count;
}

const sequenceOf = ({ Attributes }: Message): bigint => BigInt(Attributes?.SequenceNumber ?? 0);
