import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  IntakeMessageDto,
  IntakeMessageListDto,
  IntakeOutputListDto,
  IntakeReceiptsDto,
} from '../../src/intake/dto/intake.dto.js';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';

const MESSAGES = `${BASE}/intake/messages`;
const OUTPUTS = `${BASE}/intake/outputs`;
/** Of the service that this one takes the place of, to the byte. */
const EXAMPLE = `{
     "id": "12345",
     "title": "LoremIpsum",
     "author": "John Doe",
     "year": "1960",
     "genre": "romance",
     "summary": "Lorem ipsum dolor sit amet, consectetur adipiscing elit",
     "price": 1.0, "isbn": 12345678901234567890
    }`;

let deployment: Deployment;
let client: Client;

beforeAll(async () => {
  deployment = await Deployment.start();
  ({ client } = deployment);
});
afterAll(() => deployment.stop());

describe('a document over HTTP', () => {
  it('ends byte by byte in the bucket of its genre, and the output names both', async () => {
    const { status, body } = await send(EXAMPLE);
    expect(status).toBe(202);
    expect(body.messages).toMatchObject([{ id: '12345', bucket: 'romance', repeated: false, reason: null }]);
    expect(await told('12345')).toMatchObject({ state: 'stored', bucket: 'romance', file_name: 'LoremIpsum.json' });
    expect(await stored('romance', 'LoremIpsum.json')).toBe(EXAMPLE);
    const outputs = await client.get<IntakeOutputListDto>(OUTPUTS);
    expect(outputs.body.outputs).toEqual([{ file_name: 'LoremIpsum.json', bucket: 'romance', id: '12345' }]);
  });

  it('is stored once, however often it is sent, and its id is its own', async () => {
    expect((await send(EXAMPLE)).body.messages).toMatchObject([{ state: 'stored', repeated: true }]);
    const other = EXAMPLE.replace('Lorem ipsum', 'Another');
    const [refused] = (await send(other)).body.messages;
    expect(refused).toMatchObject({ id: '12345', state: 'rejected', reason: { code: 'id-conflict', pointer: '/id' } });
    expect((await client.get(`${MESSAGES}/12345`)).body).toMatchObject({ state: 'stored', reason: null });
    expect(await stored('romance', 'LoremIpsum.json')).toBe(EXAMPLE);
    expect((await client.get<IntakeOutputListDto>(OUTPUTS)).body.outputs).toHaveLength(1);
  });

  it('shares no file with another one of the same title', async () => {
    await send(JSON.stringify(['a', 'b', 'c'].map((id) => ({ id, title: 'Twins', genre: 'scifi' }))));
    for (const id of ['a', 'b', 'c']) await told(id);
    expect(await names('scifi')).toEqual(['Twins-b.json', 'Twins-c.json', 'Twins.json']);
    expect(JSON.parse(await stored('scifi', 'Twins-b.json'))).toMatchObject({ id: 'b' });
  });

  it('stays in its bucket, whatever its title', async () => {
    await send(JSON.stringify({ id: 'path', title: '../../../etc/passwd', genre: 'scifi' }));
    expect(await told('path')).toMatchObject({ state: 'stored', file_name: '_.._.._etc_passwd.json' });
    expect(await names('scifi')).toContain('_.._.._etc_passwd.json');
  });
});

it('answers bad messages with their reasons, and takes the good ones between them', async () => {
  const { body, status } = await send(
    '[7, {"id":"bad1"}, {"id":"good","title":"G","genre":"romance"}, {"id":"bad2","title":"x","genre":"?"}]',
  );
  expect(status).toBe(202);
  expect(body.messages.map(({ id, reason }) => [id, reason?.code])).toEqual([
    [null, 'not-an-object'],
    ['bad1', 'missing-field'],
    ['good', undefined],
    ['bad2', 'unknown-route'],
  ]);
  expect(await told('good')).toMatchObject({ state: 'stored' });
  const first = await client.get<IntakeMessageListDto>(`${MESSAGES}?state=rejected&limit=3`);
  expect(first.body.messages.map(({ id }) => id)).toEqual(['bad2', 'bad1', null]);
  const rest = await client.get<IntakeMessageListDto>(`${MESSAGES}?state=rejected&cursor=${first.body.next_cursor}`);
  expect(rest.body).toMatchObject({ messages: [{ id: '12345' }], next_cursor: null });
  // Corrected, it is taken under the same id.
  const corrected = await send('{"id":"bad1","title":"Corrected","genre":"romance"}');
  expect(corrected.body.messages).toMatchObject([{ id: 'bad1', state: 'received', repeated: false }]);
  expect(await told('bad1')).toMatchObject({ state: 'stored', file_name: 'Corrected.json' });
});

it('starts the run that a message asks for, once', async () => {
  const body = { report_name: 'two-list-sum', list_a: [1], list_b: [2], target: 3 };
  const message = JSON.stringify({ type: 'report', id: 'sum-1', body });
  await send(message);
  await send(message);
  const started = await ended('sum-1');
  expect(started).toMatchObject({ type: 'report', state: 'started', bucket: null, run_id: expect.any(String) });
  expect(await client.ended(started.run_id!)).toMatchObject({ status: 'completed', total_rows: 1 });
  expect((await client.get<{ reports: unknown[] }>(`${BASE}/reports`)).body.reports).toHaveLength(1);
  await send(JSON.stringify({ type: 'report', id: 'sum-2', body: { ...body, target: 'x' } }));
  expect(await ended('sum-2')).toMatchObject({
    state: 'rejected',
    reason: { code: 'run-refused', pointer: '/body/target' },
  });
});

it('shows and sets the routes', async () => {
  const routes = `${BASE}/intake/routes`;
  const usual = { field: 'genre', routes: { romance: 'romance', scifi: 'scifi' } };
  expect((await client.get(routes)).body).toEqual(usual);
  const json = { field: 'shelf', routes: { A1: 'top-shelf' } };
  expect(await client.send('PUT', routes, { json })).toMatchObject({ status: 200, body: json });
  await send('{"id":"shelved","title":"On top","shelf":"A1"}');
  expect(await told('shelved')).toMatchObject({ bucket: 'top-shelf', group: 'A1' });
  expect(await names('top-shelf')).toEqual(['On top.json']);
  const bad = await client.send('PUT', routes, { json: { field: 'genre', routes: { x: '../etc' } } });
  expect(bad).toMatchObject({ status: 422, body: { errors: [{ pointer: '/routes/x' }] } });
  await client.send('PUT', routes, { json: usual });
});

it.each([
  ['[]', 422],
  [`[${Array.from({ length: 1001 }, () => '1').join(',')}]`, 422],
  ['{"id":', 400],
])('refuses a body that is no message: %.20s', async (raw, status) => {
  expect((await send(raw)).status).toBe(status);
});

it('says that there is no such message', async () => {
  expect(await client.get(`${MESSAGES}/nobody`)).toMatchObject({ status: 404, body: { code: 'not-found' } });
});

it('shows its queue as a service', async () => {
  const { body } = await client.get<{ body: { services: Record<string, string> } }>('/health');
  expect(body.body.services).toMatchObject({ 'queue:intake': 'available' });
});

async function send(raw: string) {
  return await client.send<IntakeReceiptsDto>('POST', MESSAGES, {
    raw,
    headers: { 'content-type': 'application/json' },
  });
}

async function until(id: string, isDone: (message: IntakeMessageDto) => boolean): Promise<IntakeMessageDto> {
  const get = async () => (await client.get<IntakeMessageDto>(`${MESSAGES}/${id}`)).body;
  await expect.poll(async () => isDone(await get()), { timeout: 30_000 }).toBe(true);
  return await get();
}

const told = (id: string) => until(id, ({ told_at }) => told_at !== null);
const ended = (id: string) => until(id, ({ finished_at }) => finished_at !== null);

const bucket = (name: string) => join(deployment.files.environment['STORAGE_ROOT']!, '~buckets', name);
const stored = (name: string, key: string) => readFile(join(bucket(name), key), 'utf8');
const names = async (name: string) => (await readdir(bucket(name))).sort();
