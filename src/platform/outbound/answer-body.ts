import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { type Dispatcher } from 'undici';
import { OutboundFailed, OutboundTooLarge } from './outbound-errors.js';

type Unpack = (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate);
const inflateRaw = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);
const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);

/** RFC 1950 says that the low half of the first byte is 8; there are servers that send the bare stream of RFC 1951. */
const inflateEither: Unpack = (packed, options) =>
  ((packed[0] ?? 0) & 0x0f) === 8 ? inflate(packed, options) : inflateRaw(packed, options);

const UNPACK = new Map<string, Unpack>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflateEither],
  ['br', promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)],
  // Since Node 22.15.
  ...('zstdDecompress' in zlib
    ? [['zstd', promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)] satisfies [string, Unpack]]
    : []),
]);

/** Encodings that are asked for. */
export const ACCEPT_ENCODING = [...UNPACK.keys()].filter((name) => name !== 'x-gzip').join(', ');

/** Nobody packs more than twice on purpose. */
const MAX_ENCODINGS = 2;

interface Limits {
  /** Of the unpacked body. */
  maxBytes: number;
  /** For messages. */
  host: string;
  /** See `OutboundRequest`. */
  memoryFor: ((bytes: number) => Buffer) | undefined;
}

/** The whole body, unpacked: neither it nor what is held of it on the way grows beyond the limit. */
export async function readBody({ body, headers }: Dispatcher.ResponseData, limits: Limits): Promise<Buffer> {
  const encodings = encodingsOf(headers['content-encoding'], limits.host);
  // What cannot be packed grows a little by packing.
  const maxReceived = encodings.length === 0 ? limits.maxBytes : Math.ceil(limits.maxBytes * 1.01) + 1024;
  if (Number(headers['content-length']) > maxReceived) throw tooLarge(limits);
  const memory = encodings.length === 0 ? memoryOf(headers['content-length'], limits) : undefined;
  const received = await receive(body, memory, { ...limits, maxBytes: maxReceived });
  if (received.length === 0) return received;
  return await unpack(received, encodings, limits);
}

/** Where the body goes as it comes, if it says how long it is. */
function memoryOf(length: string | string[] | undefined, { memoryFor }: Limits): Buffer | undefined {
  const bytes = Number(length);
  return memoryFor !== undefined && Number.isSafeInteger(bytes) && bytes > 0 ? memoryFor(bytes) : undefined;
}

async function receive(
  body: Dispatcher.ResponseData['body'],
  memory: Buffer | undefined,
  limits: Limits,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The stream is not told an encoding, so that its chunks are buffers.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (length + chunk.length > limits.maxBytes) throw tooLarge(limits);
    if (memory === undefined) chunks.push(chunk);
    else if (chunk.copy(memory, length) < chunk.length)
      throw new OutboundFailed(`${limits.host} sent more than it said.`);
    length += chunk.length;
  }
  if (memory !== undefined) return memory.subarray(0, length);
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
}

async function unpack(received: Buffer, encodings: readonly Unpack[], limits: Limits): Promise<Buffer> {
  let content = received;
  try {
    for (const encoding of encodings.toReversed()) {
      content = await encoding(content, { maxOutputLength: limits.maxBytes });
    }
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(limits, error);
    throw new OutboundFailed(`The answer of ${limits.host} is damaged: it cannot be unpacked.`, { cause: error });
  }
  return content;
}

function encodingsOf(header: string | string[] | undefined, host: string): Unpack[] {
  const names = (header ?? '')
    .toString()
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > MAX_ENCODINGS) throw new OutboundFailed(`The answer of ${host} is packed more than twice.`);
  return names.map((name) => {
    const found = UNPACK.get(name);
    if (found !== undefined) return found;
    throw new OutboundFailed(`The answer of ${host} is packed in a way that is not known, not as ${ACCEPT_ENCODING}.`);
  });
}

function tooLarge({ host, maxBytes }: Limits, cause?: unknown): OutboundTooLarge {
  return new OutboundTooLarge(`The answer of ${host} is larger than ${maxBytes} bytes. Ask for smaller pages.`, {
    cause,
  });
}
