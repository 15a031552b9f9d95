import { AppError } from '../../common/errors.js';
import { OutboundFailed } from '../../platform/outbound/outbound-errors.js';
import { SourceFailed } from '../sources/source-errors.js';

/** Codes of Node's sockets and of the drivers. Their messages name addresses, so that none is shown. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'has cut the connection',
  EPIPE: 'has cut the connection',
  PROTOCOL_CONNECTION_LOST: 'has cut the connection',
  ENOTFOUND: 'has a host name that is not known',
  EAI_AGAIN: 'has a host name that cannot be looked up right now',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  HANDSHAKE_NO_SSL_SUPPORT: 'does not support TLS',
};
const TLS_CODE = /^(?:ERR_(?:TLS|SSL)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HANDSHAKE_SSL_ERROR|EPROTO)/;

/** What went wrong between us and the server. */
export function connectionFailure(error: unknown, name: string): AppError {
  for (const inner of causesOf(error)) if (inner instanceof AppError) return inner;
  const codes = [...causesOf(error)].map(codeOf);
  const tls = codes.find((code) => TLS_CODE.test(code));
  if (tls !== undefined) {
    return new SourceFailed(`TLS with the database of ${name} fails: ${tls}. Check sslmode and the certificate.`, {
      cause: error,
    });
  }
  if (error instanceof Error && error.message.includes('not support SSL')) {
    return new SourceFailed(`The database of ${name} does not support TLS.`, { cause: error });
  }
  const reason = codes.map((code) => REASONS[code]).find((found) => found !== undefined) ?? 'has lost the connection';
  return new OutboundFailed(`The database of ${name} ${reason}.`, { cause: error });
}

function codeOf(error: object): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** An error, what caused it, and all that a try at several addresses ended with. */
function* causesOf(error: unknown): Generator<object> {
  if (typeof error !== 'object' || error === null) return;
  yield error;
  if (error instanceof AggregateError) for (const inner of error.errors) yield* causesOf(inner);
  if (error instanceof Error) yield* causesOf(error.cause);
}
