import { pointerTo } from '../common/json-pointer.js';
import { z } from 'zod';
import { ValidationFailed, type ErrorPlace } from '../common/errors.js';
import { csvStyle } from './csv-style.js';
import { CsvProfile, FormatName, LineEnd, type FormatOptions, type InnerFormat } from './format.js';

const MAX_NULL_TEXT = 64;
const INNER_FORMATS: readonly InnerFormat[] = ['csv', 'json', 'ndjson', 'parquet', 'xlsx'];

/** How a file is written, as a request says it and as `formatOptions` of its run keep it. */
export const formatOptionsSpec = z
  .strictObject({
    profile: z
      .enum(CsvProfile)
      .optional()
      .meta({
        description:
          'CSV: `machine` (default) for programs: comma, LF, RFC 3339 times. `excel-us` and `excel-eu` open by a double click: ' +
          'BOM, CRLF, times as `YYYY-MM-DD HH:MM:SS`, formulas neutralized; `excel-eu` with semicolons and decimal commas.',
        example: 'excel-eu',
      }),
    delimiter: z
      .string()
      .regex(/^[\t !#-/:-@[-`{-~]$/, 'must be one character of ASCII, not a letter, digit, quote or line end')
      .optional()
      .meta({ description: 'CSV: what stands between fields.', example: ';' }),
    bom: z.boolean().optional().meta({ description: 'CSV: begin with a byte order mark.' }),
    line_end: z.enum(LineEnd).optional().meta({ description: 'CSV: how records end.' }),
    null_text: z
      .string()
      .max(MAX_NULL_TEXT)
      .regex(/^[^"\r\n]*$/, 'must not hold a quote or a line end')
      .optional()
      .meta({ description: 'CSV: what stands for NULL. Default: nothing, and empty text is `""`.', example: '\\N' }),
    neutralize_formulas: z
      .boolean()
      .optional()
      .meta({
        description:
          'CSV, XLSX: keep spreadsheets from running text that looks like a formula. Numbers are never touched. ' +
          'Default: true for xlsx and the excel profiles, false for `machine`.',
      }),
    gzip: z.boolean().optional().meta({ description: 'csv, json, ndjson: compress the file with gzip.' }),
    max_rows_per_file: z.int().min(1).optional().meta({
      description: 'ZIP: begin another inner file after so many rows. At most 10,000 files: beyond, files are larger.',
    }),
    inner_format: z.enum(INNER_FORMATS).optional().meta({ description: 'ZIP: what is inside; default csv.' }),
  })
  .meta({ id: 'FormatOptions', description: 'How the file is written. What the format has no use for is refused.' });
export type FormatOptionsSpec = z.infer<typeof formatOptionsSpec>;

const FIELDS: Readonly<Record<keyof FormatOptionsSpec, keyof FormatOptions>> = {
  profile: 'profile',
  delimiter: 'delimiter',
  bom: 'bom',
  line_end: 'lineEnd',
  null_text: 'nullText',
  neutralize_formulas: 'neutralizeFormulas',
  gzip: 'gzip',
  max_rows_per_file: 'maxRowsPerFile',
  inner_format: 'innerFormat',
};

const USES: Readonly<Record<FormatName, readonly (keyof FormatOptions)[]>> = {
  [FormatName.Csv]: ['profile', 'delimiter', 'bom', 'lineEnd', 'nullText', 'neutralizeFormulas', 'gzip'],
  [FormatName.Json]: ['gzip'],
  [FormatName.Ndjson]: ['gzip'],
  [FormatName.Parquet]: [],
  [FormatName.Xlsx]: ['neutralizeFormulas'],
  [FormatName.Zip]: ['maxRowsPerFile', 'innerFormat'],
};

/** Whether a field means something to a format, or to what is inside of it; gzip means nothing inside a ZIP archive. */
export function hasUseFor(format: FormatName, options: FormatOptions, field: keyof FormatOptions): boolean {
  if (USES[format].includes(field)) return true;
  if (format !== FormatName.Zip || field === 'gzip') return false;
  return USES[options.innerFormat ?? FormatName.Csv].includes(field);
}

/** The options of a request. Throws `ValidationFailed`, with pointers below `/format_options`, also for what the format has no use for. */
export function parseFormatOptions(format: FormatName, wire: unknown): FormatOptions {
  const parsed = formatOptionsSpec.safeParse(wire);
  if (!parsed.success) throw ValidationFailed.of(parsed.error.issues.flatMap(placesOf));
  const options = toOptions(parsed.data);
  const places = Object.entries(FIELDS)
    .filter(([, field]) => options[field] !== undefined && !hasUseFor(format, options, field))
    .map(([name]) => place(name, `has no meaning for ${nameOf(format, options)}`));
  const { delimiter } = csvStyle(options);
  if (options.nullText?.includes(delimiter)) places.push(place('null_text', 'must not hold the delimiter'));
  if (places.length > 0) throw ValidationFailed.of(places);
  return options;
}

/** The options that a run keeps, for a format that need not be the one they were given for: without what it has no use for. */
export function readFormatOptions(format: FormatName, wire: unknown): FormatOptions {
  const options = toOptions(formatOptionsSpec.parse(wire));
  const kept = Object.values(FIELDS).filter(
    (field) => options[field] !== undefined && hasUseFor(format, options, field),
  );
  return Object.fromEntries(kept.map((field) => [field, options[field]]));
}

function toOptions(wire: FormatOptionsSpec): FormatOptions {
  const values = new Map<string, unknown>(Object.entries(wire));
  const fields = Object.entries(FIELDS).filter(([name]) => values.get(name) !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [field, values.get(name)]));
}

const nameOf = (format: FormatName, { innerFormat }: FormatOptions): string =>
  format === FormatName.Zip ? `zip of ${innerFormat ?? FormatName.Csv}` : format;

const place = (field: string, detail: string): ErrorPlace => ({
  pointer: pointerTo('format_options', field),
  detail,
});

function placesOf(issue: z.core.$ZodIssue): ErrorPlace[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => place(key, 'is not a known field'));
  }
  return [{ pointer: pointerTo('format_options', ...issue.path), detail: issue.message }];
}
