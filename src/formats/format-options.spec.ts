import { expect, it } from 'vitest';
import { ValidationFailed } from '../common/errors.js';
import { formatOptionsSpec, parseFormatOptions, readFormatOptions } from './format-options.js';
import { FormatName } from './format.js';

function places(format: FormatName, wire: unknown) {
  try {
    parseFormatOptions(format, wire);
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
    return error.places.map(({ pointer, detail }) => `${String(pointer)} ${detail}`);
  }
  return [];
}

it('reads every field of the wire', () => {
  const wire = {
    profile: 'excel-eu',
    delimiter: '|',
    bom: false,
    line_end: 'lf',
    null_text: '\\N',
    neutralize_formulas: false,
  };
  const options = {
    profile: 'excel-eu',
    delimiter: '|',
    bom: false,
    lineEnd: 'lf',
    nullText: '\\N',
    neutralizeFormulas: false,
  };
  expect(parseFormatOptions(FormatName.Csv, { ...wire, gzip: true })).toEqual({ ...options, gzip: true });
  expect(parseFormatOptions(FormatName.Zip, { ...wire, max_rows_per_file: 10 })).toEqual({
    ...options,
    maxRowsPerFile: 10,
  });
  expect(parseFormatOptions(FormatName.Zip, { inner_format: 'json' })).toEqual({ innerFormat: 'json' });
  expect(parseFormatOptions(FormatName.Xlsx, { neutralize_formulas: false })).toEqual({ neutralizeFormulas: false });
  for (const format of Object.values(FormatName)) expect(parseFormatOptions(format, {})).toEqual({});
});

it('describes every field', () => {
  for (const field of Object.values(formatOptionsSpec.shape)) expect(field.meta()?.description).toMatch(/\w/);
});

it.each([
  [
    FormatName.Xlsx,
    { gzip: true, delimiter: ';' },
    ['/format_options/delimiter has no meaning for xlsx', '/format_options/gzip has no meaning for xlsx'],
  ],
  [
    FormatName.Parquet,
    { neutralize_formulas: true },
    ['/format_options/neutralize_formulas has no meaning for parquet'],
  ],
  [FormatName.Json, { max_rows_per_file: 1 }, ['/format_options/max_rows_per_file has no meaning for json']],
  [FormatName.Zip, { gzip: false }, ['/format_options/gzip has no meaning for zip of csv']],
  [FormatName.Zip, { inner_format: 'xlsx', bom: true }, ['/format_options/bom has no meaning for zip of xlsx']],
  [FormatName.Csv, { 'a/b': 1 }, ['/format_options/a~1b is not a known field']],
  [FormatName.Csv, { null_text: 'a,b' }, ['/format_options/null_text must not hold the delimiter']],
  [
    FormatName.Csv,
    { null_text: 'a;b', profile: 'excel-eu' },
    ['/format_options/null_text must not hold the delimiter'],
  ],
  [FormatName.Csv, { null_text: 'a"' }, ['/format_options/null_text must not hold a quote or a line end']],
])('refuses %s %j', (format, wire, expected) => {
  expect(places(format, wire)).toEqual(expected);
});

it.each(['', ';;', '"', '\n', '\r', 'a', 'Z', '5', '€', '\0', '\u007f'])('refuses the delimiter %j', (delimiter) => {
  expect(places(FormatName.Csv, { delimiter })).toEqual([
    '/format_options/delimiter must be one character of ASCII, not a letter, digit, quote or line end',
  ]);
});

it.each([',', ';', '\t', '|', ' ', ':', '~', '`', '.', '-', "'", '\\'])('takes the delimiter %j', (delimiter) => {
  expect(places(FormatName.Csv, { delimiter })).toEqual([]);
});

it.each([
  { max_rows_per_file: 0 },
  { max_rows_per_file: 1.5 },
  { inner_format: 'zip' },
  { profile: 'excel' },
  { bom: 'yes' },
  [],
  null,
])('refuses %j', (wire) => {
  expect(places(FormatName.Zip, wire)).toHaveLength(1);
});

it('keeps of the options of a run what another format has a use for', () => {
  const wire = { profile: 'excel-us', gzip: true, neutralize_formulas: false };
  expect(readFormatOptions(FormatName.Csv, wire)).toEqual({
    profile: 'excel-us',
    gzip: true,
    neutralizeFormulas: false,
  });
  expect(readFormatOptions(FormatName.Ndjson, wire)).toEqual({ gzip: true });
  expect(readFormatOptions(FormatName.Zip, wire)).toEqual({ profile: 'excel-us', neutralizeFormulas: false });
  expect(readFormatOptions(FormatName.Xlsx, wire)).toEqual({ neutralizeFormulas: false });
  expect(readFormatOptions(FormatName.Parquet, wire)).toEqual({});
});
