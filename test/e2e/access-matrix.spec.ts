import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Scope, SCOPES } from '../../src/common/scope.js';
import { DemoApi } from '../../src/local/demo-api.js';
import { freePort } from '../../src/local/free-port.js';
import { aKey, belongingsOf, expiredKey, revokedKey, type Belongings } from '../support/belongings.js';
import { BASE, type Client } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { Issuer } from '../support/issuer.js';
import {
  examplesOf,
  isAdministration,
  isOwned,
  MISSING,
  operationsOf,
  type Example,
  type Operation,
} from '../support/operations.js';
import { anonymous, ask, askAll, keyOf, type Told } from '../support/asking.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const NOT_ADMIN = SCOPES.filter((scope) => scope !== Scope.Admin);
/** Their answers differ from one request to the next; the last one starts a report. */
const PASSING = /\/(events|download|limits|whoami|trigger_reportgen)\b|^\/$/;

let demo: DemoApi;
let issuer: Issuer;
let receiver: WebhookReceiver;
let deployment: Deployment;
let admin: Client;
let ann: Client;
let bob: Client;
let mine: Belongings;
let operations: Operation[];
let examples: Example[];

beforeAll(async () => {
  [demo, issuer, receiver] = await Promise.all([
    DemoApi.start(await freePort()),
    Issuer.start(),
    WebhookReceiver.start(),
  ]);
  deployment = await Deployment.start({
    environment: {
      ...{
        OIDC_ISSUER: issuer.url,
        OIDC_AUDIENCE: 'longhaul',
        WEBHOOK_SEAL_KEY: 'k'.repeat(32),
        WORKER_CONCURRENCY: '1',
      },
      ...{ EXPORT_SOURCE_URL: `${demo.url}/orders`, OUTBOUND_ALLOW: '127.0.0.1' },
    },
  });
  admin = deployment.client;
  const [annKey, bobKey, spare] = await Promise.all(
    ['ann', 'bob', 'ann'].map((owner) => aKey(admin, owner, NOT_ADMIN)),
  );
  [ann, bob] = [admin.as(annKey!.key), admin.as(bobKey!.key)];
  mine = await belongingsOf(ann, receiver.url);
  // Nothing ends, and nothing is delivered, while the answers are compared.
  await signalWorker('SIGSTOP');
  operations = await operationsOf(admin);
  examples = examplesOf(operations, { ...mine, key: spare!.key_id, owner: 'ann' });
}, 120_000);
afterAll(async () => {
  await signalWorker('SIGCONT');
  await deployment.stop();
  await Promise.all([demo.stop(), issuer.stop(), receiver.stop()]);
});

/** And its engines, of which none can go while it is stopped. */
async function signalWorker(signal: NodeJS.Signals): Promise<void> {
  const worker = deployment.workers[0]!;
  worker.signal('SIGSTOP');
  for (const pid of await worker.children()) process.kill(pid, signal);
  worker.signal(signal);
}

const askHere = async (asked: readonly Example[], headersOf: (example: Example) => Promise<Record<string, string>>) =>
  await askAll(deployment.api.url, asked, headersOf);

const refused = (told: readonly Told[]) =>
  told.map(({ operation, status, code, challenge }) => ({ operation, status, code, challenge }));

/** What its owner sees: every list and every thing that there is. */
async function viewOf(owner: Client) {
  const seen = examples.filter(
    ({ operation }) => operation.method === 'GET' && !isAdministration(operation) && !PASSING.test(operation.path),
  );
  const told = await askHere(seen, () => Promise.resolve(keyOf(owner)));
  return told.map(({ operation, status, body }) => ({ operation, status, body: anonymous(body) }));
}

const closedOnes = () => examples.filter(({ operation }) => operation.anyOf !== null);
const ownedOnes = () => examples.filter(isOwned);

describe('every operation', () => {
  it('is closed, but for the probes', () => {
    const open = operations.filter(({ anyOf }) => anyOf === null).map(({ path }) => path);
    expect(open.toSorted()).toEqual(['/health', '/health/live', '/health/ready', '/health/startup']);
    expect(operations.filter(({ anyOf }) => anyOf?.length === 0)).toEqual([]);
  });

  it.each([
    ['no key', () => Promise.resolve({}), 'Bearer realm="longhaul"'],
    ['a key that never was', () => Promise.resolve({ 'x-api-key': `lh_abcdefgh_${'A'.repeat(43)}` }), 'invalid_token'],
    ['an expired key', async () => keyOf({ key: await expiredKey(admin, 'ann') }), 'invalid_token'],
    ['a revoked key', async () => keyOf({ key: await revokedKey(admin, 'ann') }), 'invalid_token'],
    ['an expired token', async () => ({ authorization: `Bearer ${await tokenOf(-600)}` }), 'invalid_token'],
  ])('answers %s with 401', async (_, credential, challenge) => {
    const before = await viewOf(ann);
    const headers = await credential();
    const told = await askHere(closedOnes(), () => Promise.resolve(headers));
    expect(told.length).toBeGreaterThan(80);
    const expected = { status: 401, code: 'unauthenticated', challenge: expect.stringContaining(challenge) as string };
    expect(refused(told)).toEqual(told.map(({ operation }) => ({ operation, ...expected })));
    expect(await viewOf(ann)).toEqual(before);
  });

  it('answers a key with every scope but its own with 403', async () => {
    const before = await viewOf(ann);
    const keys = new Map<string, Promise<{ key: string }>>();
    const othersThan = ({ anyOf }: Operation) => NOT_ADMIN.filter((scope) => !anyOf?.includes(scope));
    const asked = closedOnes().filter(({ operation }) => othersThan(operation).length > 0);
    const told = await askHere(asked, async ({ operation }) => {
      const scopes = othersThan(operation);
      const made = keys.get(scopes.join()) ?? aKey(admin, 'ann', scopes);
      keys.set(scopes.join(), made);
      return keyOf(await made);
    });
    expect(told.length).toBeGreaterThan(80);
    const challenge = expect.stringContaining('error="insufficient_scope"') as string;
    const expected = { status: 403, code: 'insufficient-scope', challenge };
    expect(refused(told)).toEqual(told.map(({ operation }) => ({ operation, ...expected })));
    expect(await viewOf(ann)).toEqual(before);
  });

  it.each([
    ['another owner', () => Promise.resolve(bob)],
    ['another owner as admin', async () => admin.as((await aKey(admin, 'bob', [Scope.Admin])).key)],
  ])('tells %s the same of what is there as of what never was', async (_, other) => {
    const before = await viewOf(ann);
    const headers = keyOf(await other());
    const asked = ownedOnes();
    expect(asked.length).toBeGreaterThan(60);
    const there = await askHere(asked, () => Promise.resolve(headers));
    const missing = await askHere(
      asked.map((example) => ({ ...example, path: example.missing })),
      () => Promise.resolve(headers),
    );
    expect(there.map(({ operation, status }) => [operation, status])).toEqual(
      there.map(({ operation }) => [operation, 404]),
    );
    expect(there.map(({ body }, at) => anonymous(body, asked[at]!.path))).toEqual(
      missing.map(({ body }, at) => anonymous(body, asked[at]!.missing)),
    );
    expect(await viewOf(ann)).toEqual(before);
  });

  it('lists nothing that is of another owner', async () => {
    const text = JSON.stringify(await listsOf(bob));
    for (const id of [...Object.values(mine), 'yearly', receiver.url]) expect(text).not.toContain(id);
    // The same lists do name them to their owner.
    const own = JSON.stringify(await listsOf(ann));
    const { delivery: _, stores: __, ...listed } = mine;
    for (const id of [...Object.values(listed), 'yearly', receiver.url]) expect(own).toContain(id);
  });

  it('knows no mixture of what two owners have', async () => {
    const { body } = await bob.send<{ endpoint_id: string }>('POST', `${BASE}/webhooks`, {
      json: { url: receiver.url },
    });
    const path = (id: string) => `${BASE}/webhooks/${id}/deliveries/${mine.delivery}/replay`;
    expect(await bob.send('POST', path(body.endpoint_id))).toMatchObject({ status: 404 });
    expect(await bob.send('POST', `${BASE}/webhook-deliveries/${mine.callback}/replay`)).toMatchObject({ status: 404 });
  });
});

async function listsOf(owner: Client) {
  const lists = examples.filter(
    ({ operation, path }) =>
      operation.method === 'GET' && path === operation.path && !isAdministration(operation) && !PASSING.test(path),
  );
  return await askHere(lists, () => Promise.resolve(keyOf(owner)));
}

async function tokenOf(seconds: number): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return await issuer.token({ scope: SCOPES.join(' '), exp: now + seconds });
}

describe('a WebSocket', () => {
  const open = (path: string, headers: Readonly<Record<string, string>>) =>
    new WebSocket(deployment.api.url.replace('http', 'ws') + path, { headers });
  const PATHS = [(id: string) => `${BASE}/exports/${id}/ws`, (id: string) => `/api/export/ws/${id}`];

  it('is refused as requests are', async () => {
    const few = await aKey(admin, 'ann', [Scope.ReportsRun, Scope.DatasetsWrite, Scope.IntakeWrite]);
    const credentials: [Record<string, string>, number][] = [
      [{}, 401],
      [keyOf({ key: 'nonsense' }), 401],
      [keyOf({ key: await expiredKey(admin, 'ann') }), 401],
      [keyOf({ key: await revokedKey(admin, 'ann') }), 401],
      [{ authorization: `Bearer ${await tokenOf(-600)}` }, 401],
      [keyOf(few), 403],
    ];
    for (const path of PATHS) {
      for (const [headers, status] of credentials) {
        const event = await once(open(path(mine.exported), headers), 'unexpected-response');
        const response = event[1] as IncomingMessage;
        response.resume();
        expect([response.statusCode, response.headers['www-authenticate']]).toEqual([
          status,
          expect.stringContaining('Bearer'),
        ]);
      }
    }
  });

  it('tells others the same of what is there as of what never was', async () => {
    const endOf = async (path: string, owner: Client) => {
      const socket = open(path, keyOf(owner));
      const messages: string[] = [];
      socket.on('message', (message: Buffer) => messages.push(message.toString()));
      const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
      return [code, reason.toString(), messages.length > 0];
    };
    for (const path of PATHS) {
      const ended = path === PATHS[0] ? mine.exported : mine.task;
      expect(await endOf(path(ended), ann)).toEqual([1000, expect.any(String), true]);
      const missing = await endOf(path(MISSING), bob);
      expect(missing).toEqual([4404, expect.any(String), false]);
      expect(await endOf(path(ended), bob)).toEqual(missing);
    }
  });
});

describe('a link to a file', () => {
  it('needs no key, opens one file, and lives for minutes', async () => {
    const { headers } = await ann.get(`${BASE}/reports/${mine.report}/download`);
    const other = await ann.get(`${BASE}/exports/${mine.exported}/download`);
    const [link, second] = [headers, other.headers].map((each) => new URL(each.get('location')!));
    const status = async (url: URL) => (await fetch(url, { redirect: 'error' })).status;
    expect([await status(link!), await status(second!)]).toEqual([200, 200]);
    const minutes = (Number(link!.searchParams.get('expires')) - Date.now() / 1000) / 60;
    expect(minutes).toBeGreaterThan(0);
    expect(minutes).toBeLessThanOrEqual(60);
    for (const change of [
      (url: URL) => (url.pathname = second!.pathname),
      (url: URL) => url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1)),
      (url: URL) => url.searchParams.set('file_name', 'other.csv'),
      (url: URL) => url.searchParams.delete('signature'),
    ]) {
      const changed = new URL(link!);
      change(changed);
      expect([changed.href, await status(changed)]).toEqual([changed.href, 403]);
    }
  });
});

it('serves the documentation and the probes to everybody', async () => {
  const paths = [
    `${BASE}/docs`,
    `${BASE}/openapi.json`,
    `${BASE}/openapi.yaml`,
    '/health',
    '/health/live',
    '/health/ready',
  ];
  for (const path of paths) expect([path, (await fetch(deployment.api.url + path)).status]).toEqual([path, 200]);
});

describe('a key with the scope', () => {
  it.each(SCOPES)('%s opens what asks for it', async (scope) => {
    const { key } = await aKey(admin, 'ann', [scope]);
    const asked = closedOnes().filter(
      ({ operation }) => operation.method === 'GET' && operation.anyOf?.includes(scope),
    );
    const told = await askHere(asked, () => Promise.resolve(keyOf({ key })));
    // Runs that have not ended are found, and have no result.
    expect(told.filter(({ status, code }) => status >= 400 && code !== 'run-not-completed')).toEqual([]);
  });

  // The last one: it changes, cancels and deletes.
  it('of its owner opens every operation', async () => {
    const last = (method: string) => ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].indexOf(method);
    const asked = closedOnes().toSorted((a, b) => last(a.operation.method) - last(b.operation.method));
    const told: Told[] = [];
    for (const example of asked)
      told.push(await ask(deployment.api.url, keyOf(isAdministration(example.operation) ? admin : ann), example));
    const wrong = told.filter(({ status }) => [401, 403].includes(status) || status >= 500);
    expect(wrong).toEqual([]);
    const deleted = told.filter(
      ({ operation, code }) => operation.startsWith('DELETE') && code !== 'run-already-ended',
    );
    expect(deleted.filter(({ status }) => status >= 300)).toEqual([]);
  });
});
