import { ColumnFiles, isWide } from './column-files.js';
import { copiedBytes } from './copied-bytes.js';
import { FormatName, type Format, type Rendered, type RenderJob } from './format.js';
import { cellValue } from './xlsx-columns.js';
import { TooManyColumns } from './xlsx-errors.js';
import { FIELD_OPTIONS } from './xlsx-fields.js';
import { sheetPart, workbookParts } from './xlsx-parts.js';
import { MAX_COLUMNS, SHEET_RECORDS, Sheets } from './xlsx-sheets.js';
import { MAX_TEXT_UNITS } from './xlsx-text.js';
import { ZipFile } from './zip-file.js';

/**
 * An Excel workbook of typed cells (ECMA-376). The engine writes the values of each row; here they become cells, which are
 * deflated as they come. A wide table comes in files of some columns each.
 */
export const xlsx: Format = {
  name: FormatName.Xlsx,
  extension: 'xlsx',
  contentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  async render(job) {
    const { columns, table } = job;
    if (columns.length > MAX_COLUMNS) throw new TooManyColumns(columns.length, MAX_COLUMNS);
    const rows = await countRows(job);
    const values = columns.map(cellValue);
    if (!isWide(columns)) {
      const select = `SELECT ${values.join(', ')} FROM ${table}`;
      return await write(job, [copiedBytes(job, { select, options: FIELD_OPTIONS })], rows);
    }
    const files = await ColumnFiles.write(job, values, FIELD_OPTIONS);
    try {
      return await write(job, files.read(), rows);
    } finally {
      await files.remove();
    }
  },
};

async function write(job: RenderJob, streams: AsyncGenerator<Buffer, unknown>[], rows: number): Promise<Rendered> {
  const sheets = new Sheets(streams, job.columns, job.options.neutralizeFormulas ?? true);
  try {
    await ZipFile.write(job.file, job.modified, async (archive) => {
      const records = recordsOfSheets(rows);
      for (const [name, xml] of workbookParts(records.length)) await archive.add(name, once(xml));
      for (const [index, most] of records.entries()) await archive.add(sheetPart(index), sheets.sheet(most));
      await sheets.end();
    });
  } finally {
    await sheets.close();
  }
  if (sheets.rows !== rows) throw new Error(`The workbook has ${String(sheets.rows)} of ${String(rows)} rows.`);
  return { rows, warnings: warningsOf(job, sheets) };
}

/** Known from the file's own records, without reading the rows. */
async function countRows({ session, table }: RenderJob): Promise<number> {
  const [counted] = await session.query(`SELECT count(*) AS rows FROM ${table}`);
  return Number(counted?.['rows']);
}

/** Rows of data of each sheet; one sheet at least. */
function recordsOfSheets(rows: number): number[] {
  const sheets = Math.max(1, Math.ceil(rows / SHEET_RECORDS));
  return Array.from({ length: sheets }, (_, index) => Math.min(SHEET_RECORDS, rows - index * SHEET_RECORDS));
}

function warningsOf({ columns }: RenderJob, { cells }: Sheets): string[] {
  const longNames = columns.filter(({ name }) => name.length > MAX_TEXT_UNITS).length;
  return [
    ...warning(longNames, 'column names were cut to the 32,767 characters that Excel holds'),
    ...warning(cells.cut, 'text cells were cut to the 32,767 characters that Excel holds'),
    ...warning(cells.formulaLike, 'text cells look like formulas and are marked as text'),
  ];
}

function warning(count: number, what: string): string[] {
  return count > 0 ? [`xlsx: ${count.toLocaleString('en')} ${what}.`] : [];
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
