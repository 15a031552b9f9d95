import { createHash } from 'node:crypto';

const EXTENSION = '.json';
/** Bytes of a name in UTF-8, extension included: with it, every file system and S3 server takes it. */
const MAX_NAME_BYTES = 200;
const SHORT_ID = /^[A-Za-z0-9_-]{1,36}$/;
const SHORT_DIGEST = 12;
const LONG_DIGEST = 40;

/**
 * Names that a document may get, the best first: `<title>.json`, and with a mark of its id for titles that others have taken. A
 * title of any text becomes one segment of a path: no separators, control characters or changes of direction, no dot at its
 * begin, in Unicode NFC.
 */
export function objectKeys(title: string, messageId: string): readonly string[] {
  const digest = createHash('sha256').update(messageId).digest('hex');
  const short = SHORT_ID.test(messageId) ? messageId : digest.slice(0, SHORT_DIGEST);
  const base = safeTitle(title);
  return ['', `-${short}`, `-${digest.slice(0, LONG_DIGEST)}`].map((mark) => nameOf(base, mark));
}

function safeTitle(title: string): string {
  return title
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069/\\]+/gu, '_')
    .replace(/^[.\s]+/, '')
    .trimEnd();
}

function nameOf(base: string, mark: string): string {
  const room = MAX_NAME_BYTES - Buffer.byteLength(mark + EXTENSION);
  let cut = '';
  let bytes = 0;
  for (const { segment } of new Intl.Segmenter().segment(base)) {
    bytes += Buffer.byteLength(segment);
    if (bytes > room) break;
    cut += segment;
  }
  return `${cut.trimEnd() || 'untitled'}${mark}${EXTENSION}`;
}
