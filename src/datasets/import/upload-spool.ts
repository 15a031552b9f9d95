import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DatasetInvalid, SourceFormat, UploadTooLarge } from '../dataset.js';
import { gunzip, isGzip, limited, peek, type ByteStream } from './byte-stream.js';
import { unwrapExtendedJson } from './extended-json.js';
import { toUtf8 } from './utf8.js';

/** A file on its way in: `body` throws `UploadIncomplete` when the client goes away before its end. */
export interface Upload {
  body: AsyncIterable<Uint8Array>;
  fileName: string | undefined;
  contentType: string | undefined;
}

export interface SpoolOptions {
  /** What the client says the file is; without it the content type, the name and then the bytes decide. */
  format: SourceFormat | undefined;
  maxUploadBytes: number;
  maxUnpackedBytes: number;
  signal: AbortSignal;
}

const HEAD_BYTES = 4096;

const FORMAT_OF_TYPE: Readonly<Record<string, SourceFormat>> = {
  'text/csv': SourceFormat.Csv,
  'application/csv': SourceFormat.Csv,
  'text/tab-separated-values': SourceFormat.Csv,
  'application/json': SourceFormat.Json,
  'application/x-ndjson': SourceFormat.Ndjson,
  'application/ndjson': SourceFormat.Ndjson,
  'application/jsonl': SourceFormat.Ndjson,
  'application/vnd.apache.parquet': SourceFormat.Parquet,
};
const FORMAT_OF_EXTENSION: Readonly<Record<string, SourceFormat>> = {
  csv: SourceFormat.Csv,
  tsv: SourceFormat.Csv,
  json: SourceFormat.Json,
  ndjson: SourceFormat.Ndjson,
  jsonl: SourceFormat.Ndjson,
  parquet: SourceFormat.Parquet,
};
const FOREIGN = [
  { magic: Buffer.from('PK\x03\x04', 'latin1'), what: 'a ZIP or Excel file' },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), what: 'packed with zstd' },
  { magic: Buffer.from('BZh'), what: 'packed with bzip2' },
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), what: 'packed with xz' },
  { magic: Buffer.from('%PDF'), what: 'a PDF' },
];
const PARQUET_MAGIC = Buffer.from('PAR1');

/** Writes an upload to a new file: unpacked, text as checked UTF-8, Extended JSON unwrapped. Returns what it is. */
export async function spool(upload: Upload, file: string, options: SpoolOptions): Promise<SourceFormat> {
  const { maxUploadBytes, maxUnpackedBytes, signal } = options;
  const received = limited(upload.body, maxUploadBytes, () => new UploadTooLarge('as received', maxUploadBytes));
  const packed = await peek(received, 2);
  const bytes = isGzip(packed.head) ? gunzip(packed.stream) : packed.stream;
  const unpacked = limited(bytes, maxUnpackedBytes, () => new UploadTooLarge('unpacked', maxUnpackedBytes));
  const { head, stream } = await peek(unpacked, HEAD_BYTES);
  if (head.length === 0) throw new DatasetInvalid('The file is empty. A dataset needs at least its column names.');
  const format = formatOf(head, upload, options.format);
  const content = contentOf(format, stream, head);
  await pipeline(Readable.from(content, { objectMode: false }), createWriteStream(file, { flags: 'wx' }), { signal });
  return format;
}

function contentOf(format: SourceFormat, stream: ByteStream, head: Buffer): ByteStream {
  switch (format) {
    case SourceFormat.Parquet:
      return stream;
    case SourceFormat.Csv:
      return toUtf8(stream, head);
    default:
      return unwrapExtendedJson(toUtf8(stream, head));
  }
}

function formatOf(head: Buffer, upload: Upload, asked: SourceFormat | undefined): SourceFormat {
  const isParquet = startsWith(head, PARQUET_MAGIC);
  const foreign = FOREIGN.find(({ magic }) => startsWith(head, magic));
  if (foreign !== undefined) {
    throw new DatasetInvalid(`The file is ${foreign.what}. Upload CSV, NDJSON, JSON or Parquet, plain or gzip.`);
  }
  const type = upload.contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const extension = /\.(\w+)$/.exec((upload.fileName ?? '').toLowerCase().replace(/\.gz$/, ''))?.[1] ?? '';
  const format = asked ?? FORMAT_OF_TYPE[type] ?? FORMAT_OF_EXTENSION[extension] ?? formatOfBytes(head);
  if (isParquet) return SourceFormat.Parquet;
  if (format !== SourceFormat.Parquet) return format;
  throw new DatasetInvalid('The file is said to be Parquet but does not begin as one. Say what it is with ?format=.');
}

function formatOfBytes(head: Buffer): SourceFormat {
  const wide = head[0] === 0xff || head[0] === 0xfe;
  const text = head
    .toString(wide ? 'utf16le' : 'utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  if (text.startsWith('[')) return SourceFormat.Json;
  return text.startsWith('{') ? SourceFormat.Ndjson : SourceFormat.Csv;
}

function startsWith(bytes: Buffer, magic: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic);
}
