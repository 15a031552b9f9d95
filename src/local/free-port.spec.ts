import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exactPort, freePort } from './free-port.js';
import { LaunchError } from './launch-error.js';

describe('ports', () => {
  let server: Server;
  let taken: number;

  beforeEach(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    taken = (server.address() as AddressInfo).port;
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('takes another port when the preferred one is taken', async () => {
    const port = await freePort(taken);
    expect(port).not.toBe(taken);
    expect(port).toBeGreaterThan(0);
  });

  it('takes the preferred port when it is free', async () => {
    const free = await freePort();
    expect(await freePort(free)).toBe(free);
  });

  it('refuses a taken port that was asked for', async () => {
    await expect(exactPort(taken)).rejects.toThrow(LaunchError);
  });
});
