import { AppError } from '../../common/errors.js';
import { OutboundFailed, OutboundTooLarge } from './outbound-errors.js';

/** The first that fits the code of the error; codes are those of Node, OpenSSL, undici and its parser. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|ENODATA|EAI_)/, 'has a name that cannot be resolved'],
  [/^ECONNREFUSED$/, 'refuses the connection'],
  [/^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/, 'cannot be connected to: nothing answers there in time'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'cannot be reached over the network'],
  [/^(HPE_INVALID_EOF_STATE|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/, 'ended its answer before it was whole'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'closed the connection before the answer was whole'],
  [/^CERT_HAS_EXPIRED$/, 'has a certificate that has expired'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'has a certificate for another name'],
  [/SELF_SIGNED|UNABLE_TO_|CERT|SIGNATURE|INVALID_CA/, 'has a certificate that is not trusted'],
  [/^(EPROTO|ERR_SSL_|ERR_TLS_)/, 'cannot be spoken to over TLS'],
  [/^HPE_/, 'answers with something that is not HTTP'],
];

const HEADERS_TOO_LARGE = /^(UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW)$/;

/** What a client may read of a failure below HTTP; the failure itself stays its cause, for the log. */
export function outboundError(error: unknown, host: string): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (HEADERS_TOO_LARGE.test(code)) {
    return new OutboundTooLarge(`The headers that ${host} answers with are too large.`, { cause: error });
  }
  const words = WORDS.find(([pattern]) => pattern.test(code))?.[1] ?? 'gave no answer';
  return new OutboundFailed(`${host} ${words}.`, { cause: error });
}
