import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { median, row, table } from './report.js';
import type { Process, Servers } from './servers.js';

const MESSAGES = 1000;
const WARM_UP = 200;
const ROUNDS = 3;
const AUTHORS = 5;
const GENRES = ['romance', 'scifi'];
const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'only-for-benchmarks' };
const documentSchema = z.object({ id: z.string(), title: z.string(), genre: z.string() });

interface Cloud {
  s3: S3Client;
  sqs: SQSClient;
  url: string;
}
interface Queues {
  input: string;
  output: string;
}

/** From queue to stored and told: one worker beside a bare loop that makes the same calls, one after another, and guarantees nothing. */
export async function benchIntake(servers: Servers): Promise<string> {
  const { url } = await servers.run(['scripts/run-typescript.ts', 'bench/cloud-server.ts'], { probe: '/health' });
  const client = { endpoint: url, region: 'us-east-1', credentials: CREDENTIALS };
  const cloud = { url, s3: new S3Client({ ...client, forcePathStyle: true }), sqs: new SQSClient(client) };
  for (const Bucket of [...GENRES, 'files']) await cloud.s3.send(new CreateBucketCommand({ Bucket }));
  const [ours, bare] = [await createQueues(cloud, 'ours'), await createQueues(cloud, 'bare')];
  const worker = await startWorker(servers, cloud, ours);
  await timeWorker({ cloud, queues: ours, worker }, 'warm', WARM_UP);
  const rates: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = String(round);
    rates.ours.push(MESSAGES / (await timeWorker({ cloud, queues: ours, worker }, name, MESSAGES)));
    rates.bare.push(MESSAGES / (await timeLoop(cloud, bare, name)));
  }
  await worker.child.stop();
  const rate = (values: readonly number[]): string => `${median(values).toFixed(0)}/s`;
  return table(`Intake: ${String(MESSAGES)} messages from queue to stored and told, median of ${String(ROUNDS)}`, [
    row('Longhaul, one worker', rate(rates.ours)),
    row('bare SDK loop', rate(rates.bare)),
    row('ratio (at least 0.5)', (median(rates.ours) / median(rates.bare)).toFixed(2)),
  ]);
}

async function startWorker(servers: Servers, { url }: Cloud, { input, output }: Queues): Promise<Process> {
  return await servers.run(['dist/worker.js'], {
    probe: '/health/ready',
    env: {
      ...{ STORAGE_DRIVER: 's3', S3_BUCKET: 'files', S3_ENDPOINT: url, S3_FORCE_PATH_STYLE: 'true' },
      ...{ SQS_ENDPOINT: url, INTAKE_QUEUE_URL: input, INTAKE_OUTPUT_QUEUE_URL: output },
      ...{ AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey },
    },
  });
}

async function createQueues({ sqs }: Cloud, name: string): Promise<Queues> {
  const create = async (kind: string): Promise<string> => {
    const Attributes = { FifoQueue: 'true' };
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-${kind}.fifo`, Attributes }));
    return QueueUrl ?? '';
  };
  return { input: await create('input'), output: await create('output') };
}

async function fill(
  { sqs }: Cloud,
  { input }: Queues,
  { name, count }: { name: string; count: number },
): Promise<void> {
  for (let at = 0; at < count; at += 10) {
    const Entries = Array.from({ length: 10 }, (_, index) => {
      const id = `${name}-${String(at + index)}`;
      const [author, genre] = [`author-${String((at + index) % AUTHORS)}`, GENRES[(at + index) % GENRES.length]];
      const MessageBody = JSON.stringify({ id, title: `Title ${id}`, author, year: '1960', genre, summary: 'Lorem' });
      return { Id: String(index), MessageBody, MessageGroupId: author, MessageDeduplicationId: id };
    });
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: input, Entries }));
  }
}

/** Seconds. The worker stands still while the queue is filled, so that filling it is not measured. */
async function timeWorker(
  { cloud, queues, worker }: { cloud: Cloud; queues: Queues; worker: Process },
  name: string,
  count: number,
): Promise<number> {
  const wanted = (await countOutputs(cloud, queues)) + count;
  process.kill(worker.child.pid, 'SIGSTOP');
  await fill(cloud, queues, { name, count });
  const start = performance.now();
  process.kill(worker.child.pid, 'SIGCONT');
  while ((await countOutputs(cloud, queues)) < wanted) await delay(20);
  return (performance.now() - start) / 1000;
}

async function countOutputs({ sqs }: Cloud, { output }: Queues): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: output, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

/** Seconds. */
async function timeLoop(cloud: Cloud, queues: Queues, name: string): Promise<number> {
  await fill(cloud, queues, { name, count: MESSAGES });
  const { s3, sqs } = cloud;
  const start = performance.now();
  for (let done = 0; done < MESSAGES;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queues.input, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }),
    );
    for (const { Body = '', ReceiptHandle } of Messages) {
      const { id, title, genre } = documentSchema.parse(JSON.parse(Body));
      const file_name = `${title}.json`;
      await s3.send(new PutObjectCommand({ Bucket: genre, Key: file_name, Body, ContentType: 'application/json' }));
      const MessageBody = JSON.stringify({ file_name, bucket: genre, id });
      const fifo = { MessageGroupId: genre, MessageDeduplicationId: id };
      await sqs.send(new SendMessageCommand({ QueueUrl: queues.output, MessageBody, ...fifo }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queues.input, ReceiptHandle }));
      done += 1;
    }
  }
  return (performance.now() - start) / 1000;
}
