import { errors } from 'undici';
import { AppError } from '../../common/errors.js';
import { OutboundFailed, OutboundTooLarge } from './outbound-errors.js';

/** The first that fits the code of the error; codes are those of Node, OpenSSL and undici. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|ENODATA|EAI_)/, 'has a name that cannot be resolved'],
  [/^ECONNREFUSED$/, 'refuses the connection'],
  [/^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/, 'cannot be connected to: nothing answers there in time'],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'cannot be reached over the network'],
  [/^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/, 'ended its answer before it was whole'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'closed the connection before the answer was whole'],
  [/^CERT_HAS_EXPIRED$/, 'has a certificate that has expired'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'has a certificate for another name'],
  [/SELF_SIGNED|UNABLE_TO_|CERT|SIGNATURE|INVALID_CA/, 'has a certificate that is not trusted'],
  [/^(EPROTO|ERR_SSL_|ERR_TLS_)/, 'cannot be spoken to over TLS'],
];

/** What a client may read of a failure below HTTP; the failure itself stays its cause, for the log. */
export function outboundError(error: unknown, host: string): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof errors.HTTPParserError) return parserError(error, host);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new OutboundTooLarge(`The headers that ${host} answers with are too large.`, { cause: error });
  }
  const words = WORDS.find(([pattern]) => pattern.test(code))?.[1] ?? 'gave no answer';
  return new OutboundFailed(`${host} ${words}.`, { cause: error });
}

/** Its cause is a copy: the error of the parser carries bytes of the answer, which are nothing for a log. */
function parserError({ message }: Error, host: string): OutboundFailed {
  const words = message.includes('EOF')
    ? 'ended its answer before it was whole'
    : 'answers with something that is not HTTP';
  return new OutboundFailed(`${host} ${words}.`, { cause: new Error(message) });
}
