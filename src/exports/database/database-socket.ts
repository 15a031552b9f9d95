import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { SourceFailed } from '../sources/source-errors.js';
import type { ReadJob } from './database-reader.js';
import { TlsMode, type DatabaseAddress } from './database-url.js';

/** For the connection and the login. */
export const CONNECT_TIMEOUT_MS = 15_000;
/** How long a cancelled query may take to end at the server before the connection is cut. */
export const CANCEL_PATIENCE_MS = 1_000;

/** A socket on its way to the server. Errors come as its events. */
export function openSocket({ address, lookup }: Pick<ReadJob, 'address' | 'lookup'>): Socket {
  const { host, port } = address;
  return connect({ host, port, noDelay: true, keepAlive: true, ...(lookup && { lookup }) });
}

/** Null when the connection is not to be encrypted. */
export async function tlsOptions({ tls, caFile }: DatabaseAddress, name: string): Promise<ConnectionOptions | null> {
  if (tls === TlsMode.Disable) return null;
  const ca = caFile === undefined ? undefined : await readCa(caFile, name);
  return {
    rejectUnauthorized: tls !== TlsMode.Require,
    checkServerIdentity: tls === TlsMode.VerifyFull ? checkServerIdentity : () => undefined,
    ...(ca !== undefined && { ca }),
  };
}

async function readCa(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new SourceFailed(`The certificates of ${name} cannot be read. The operator has to correct its sslrootcert.`, {
      cause: error,
    });
  }
}
