import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { isIP, type Socket } from 'node:net';
import { openSocket, CANCEL_PATIENCE_MS } from '../database-socket.js';
import type { ReadJob } from '../database-reader.js';

/** What the server has given the connection for this purpose. */
export interface CancelKey {
  processId: number;
  secret: number;
}

/** Numbers of the protocol that stand where a version would. */
const CANCEL = 80_877_102;
const TLS_WANTED = 80_877_103;

/**
 * Asks the server, over a connection of its own, to end what the other one runs. It needs no login, so that it also works when
 * the user may not open a second session. There is no answer; a request that does not arrive is no error either: the caller
 * cuts the connection anyway.
 */
export async function requestCancel(
  target: Pick<ReadJob, 'address' | 'lookup'>,
  key: CancelKey,
  tls: ConnectionOptions | null,
): Promise<void> {
  const socket = openSocket(target);
  socket.setTimeout(CANCEL_PATIENCE_MS, () => socket.destroy());
  try {
    await once(socket, 'connect');
    const channel = tls === null ? socket : await secure(socket, target.address.host, tls);
    channel.end(message(CANCEL, key.processId, key.secret));
    await once(channel, 'close');
  } catch {
    socket.destroy(); // No connection, no cancel: see above.
  }
}

async function secure(socket: Socket, host: string, tls: ConnectionOptions): Promise<Socket> {
  socket.write(message(TLS_WANTED));
  await once(socket, 'data');
  const channel = connectTls({ ...tls, socket, host, ...(isIP(host) === 0 && { servername: host }) });
  await once(channel, 'secureConnect');
  return channel;
}

/** A length that counts itself, then numbers. */
function message(...numbers: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * (numbers.length + 1));
  buffer.writeUInt32BE(buffer.length);
  numbers.forEach((number, index) => buffer.writeInt32BE(number | 0, 4 * (index + 1)));
  return buffer;
}
