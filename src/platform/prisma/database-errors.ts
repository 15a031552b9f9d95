import { z } from 'zod';
import { ServiceUnavailable } from '../../common/errors.js';
import { Prisma } from './generated/client.js';

const RETRY_AFTER_SECONDS = 5;
/** Of the driver adapter: the connection is the trouble, not the query. */
const AWAY = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
]);
/** SQLSTATE of a server that stops or starts (class 57P) or loses the connection (class 08). */
const STOPPING = /^(57P0[1-3]|08)/;

/** What `pg` says, with no code and no class of its own, when a connection is cut that it uses or is about to. */
const CUT = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Client has encountered a connection error and is not queryable',
  'timeout exceeded when trying to connect',
]);
/** Of Prisma: a transaction could not be begun or ended in its time. */
const TRANSACTION_FAILED = 'P2028';

const metaSchema = z.object({
  driverAdapterError: z.object({ cause: z.object({ kind: z.string(), originalCode: z.string().optional() }) }),
});

/** A database that cannot be reached as an error that a client may read and a worker may try again; null for all others. */
export function asDatabaseAway(error: unknown): ServiceUnavailable | null {
  if (!isAway(error)) return null;
  return new ServiceUnavailable('The database cannot be reached right now. Send the same request again later.', {
    cause: error,
    retryAfter: RETRY_AFTER_SECONDS,
  });
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return error instanceof Error && CUT.has(error.message);
  if (error.code === TRANSACTION_FAILED) return true;
  const meta = metaSchema.safeParse(error.meta);
  if (!meta.success) return false;
  const { kind, originalCode = '' } = meta.data.driverAdapterError.cause;
  return AWAY.has(kind) || STOPPING.test(originalCode);
}
