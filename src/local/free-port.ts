import { createServer, type AddressInfo } from 'node:net';
import { LaunchError } from './launch-error.js';

const LOOPBACK = '127.0.0.1';

/** The preferred port when nobody listens there, else one that the system picks. */
export async function freePort(preferred = 0, host = LOOPBACK): Promise<number> {
  return (await tryPort(preferred, host)) ?? (await anyPort(host));
}

/** For a port that was asked for by name: another one would not be what the caller connects to. */
export async function exactPort(port: number, host = LOOPBACK): Promise<number> {
  const found = await tryPort(port, host);
  if (found === undefined) throw new LaunchError(`Port ${String(port)} on ${host} is taken; choose another one.`);
  return found;
}

async function anyPort(host: string): Promise<number> {
  const port = await tryPort(0, host);
  if (port === undefined) throw new LaunchError(`There is no free port on ${host}.`);
  return port;
}

function tryPort(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => {
      // A TCP server's address is never a pipe name.
      const address = server.address() as AddressInfo;
      server.close(() => {
        resolve(address.port);
      });
    });
  });
}
