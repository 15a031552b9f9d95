import { csv } from './csv.js';
import { FormatName, type Format } from './format.js';
import { json, ndjson } from './json.js';
import { parquet } from './parquet.js';
import { xlsx } from './xlsx.js';
import { zip } from './zip.js';

/** Every format there is. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  [FormatName.Csv]: csv,
  [FormatName.Json]: json,
  [FormatName.Ndjson]: ndjson,
  [FormatName.Parquet]: parquet,
  [FormatName.Xlsx]: xlsx,
  [FormatName.Zip]: zip,
};

export const FORMAT_NAMES = Object.values(FormatName);

export const isFormatName = (name: string): name is FormatName => Object.hasOwn(FORMATS, name);
