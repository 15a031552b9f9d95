import { csv } from './csv.js';
import { hasUseFor } from './format-options.js';
import { FormatName, type FileKind, type Format, type FormatOptions, type InnerFormat } from './format.js';
import { json, ndjson } from './json.js';
import { parquet } from './parquet.js';
import { xlsx } from './xlsx.js';
import { zipOf } from './zip.js';

const INNER_FORMATS: Readonly<Record<InnerFormat, Format>> = {
  [FormatName.Csv]: csv,
  [FormatName.Json]: json,
  [FormatName.Ndjson]: ndjson,
  [FormatName.Parquet]: parquet,
  [FormatName.Xlsx]: xlsx,
};

/** Every format there is. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  ...INNER_FORMATS,
  [FormatName.Zip]: zipOf(INNER_FORMATS),
};

export const FORMAT_NAMES = Object.values(FormatName);

export const isFormatName = (name: string): name is FormatName => Object.hasOwn(FORMATS, name);

/** What the file of a format is called by when it is written with these options. */
export function fileKind(name: FormatName, options: FormatOptions): FileKind {
  const { extension, contentType } = FORMATS[name];
  if (options.gzip !== true || !hasUseFor(name, options, 'gzip')) return { extension, contentType };
  return { extension: `${extension}.gz`, contentType: 'application/gzip' };
}
