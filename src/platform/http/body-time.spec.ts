import express from 'express';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bodyWithin } from './body-time.js';

const MILLISECONDS = 100;

let server: Server;
let client: Socket;

beforeEach(async () => {
  const app = express().use(bodyWithin(MILLISECONDS), express.json());
  app.post('/', (request, response) => {
    // Later than a body may come.
    setTimeout(() => response.json(request.body), 3 * MILLISECONDS);
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.setEncoding('utf8');
});
afterEach(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n';

it('cuts a body that does not come', async () => {
  client.write(`${head}{"a"`);
  client.resume();
  await once(client, 'close');
  expect(client.bytesRead).toBe(0);
});

it('waits for the answer to a body that came', async () => {
  client.write(`${head}{"a":1}`);
  const [answer] = await once(client, 'data');
  expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"a":1\}$/);
});
