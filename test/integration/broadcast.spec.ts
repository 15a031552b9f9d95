import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, inject, it } from 'vitest';
import { RedisBroadcast } from '../../src/platform/queue/redis-broadcast.js';
import { testConfig } from '../support/config.js';

/** Of a lease in production: what waits that long for Redis has lost its run. */
const LEASE_MS = 15_000;

const broadcasts: RedisBroadcast[] = [];

afterEach(() => {
  for (const broadcast of broadcasts.splice(0)) broadcast.onApplicationShutdown();
});

function broadcasting(redisUrl: string): RedisBroadcast {
  const broadcast = new RedisBroadcast(testConfig({ REDIS_URL: redisUrl }));
  broadcasts.push(broadcast);
  return broadcast;
}

it('tells everyone who listens to a channel when listening begins, also those who come later', async () => {
  const broadcast = broadcasting(inject('redisUrl'));
  const begun: string[] = [];
  const heard: string[] = [];
  const listen = (name: string): (() => void) =>
    broadcast.subscribe('a-channel', (message) => heard.push(`${name}: ${message}`), () => begun.push(name)); // prettier-ignore
  listen('first');
  await expect.poll(() => begun).toContain('first');
  const leave = listen('second');
  await expect.poll(() => begun).toContain('second');
  // Said again while the connection for it is not there yet.
  const said = async (): Promise<string[]> => {
    await broadcast.publish('a-channel', 'hello');
    return heard;
  };
  await expect.poll(said).toEqual(expect.arrayContaining(['first: hello', 'second: hello']));
  leave();
  await broadcast.publish('a-channel', 'again');
  await expect.poll(() => heard.filter((each) => each.endsWith('again'))).toEqual(['first: again']);
});

it('does not wait long for a Redis that takes what is said and never answers', async () => {
  const said: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (data) => said.push(data.toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const broadcast = broadcasting(`redis://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  let waited = 0;
  // Refused at once until the connection is there.
  await expect
    .poll(
      async () => {
        const before = performance.now();
        await broadcast.publish('a-channel', 'hello');
        waited = performance.now() - before;
        return said.join('');
      },
      { timeout: 30_000 },
    )
    .toContain('hello');
  expect(waited).toBeLessThan(LEASE_MS / 3);
  for (const socket of sockets) socket.destroy();
  server.close();
});
