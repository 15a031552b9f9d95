import { copiedBytes } from './copied-bytes.js';
import { FormatName, type Format, type RenderJob } from './format.js';
import { rowLine, textChecks } from './xlsx-cells.js';
import { sheetPart, workbookParts } from './xlsx-parts.js';
import { RowLines, SHEET_ROWS } from './xlsx-sheets.js';
import { ZipFile } from './zip-file.js';

/** COPY as one column of text, as it is. */
const LINES = "FORMAT csv, HEADER false, DELIMITER ',', QUOTE '', ESCAPE ''";

/**
 * An Excel workbook of typed cells (ECMA-376). The engine makes the XML of each row; here it is cut into sheets and
 * deflated. Cells have no references: they follow each other without gaps, an absent value is an empty cell.
 */
export const xlsx: Format = {
  name: FormatName.Xlsx,
  extension: 'xlsx',
  contentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  async render(job) {
    const { rows, warnings } = await examine(job);
    const sheets = Math.max(1, Math.ceil(rows / (SHEET_ROWS - 1)));
    const select = `SELECT ${rowLine(job.columns)} FROM ${job.table}`;
    const names = job.columns.map(({ name }) => name);
    const lines = new RowLines(copiedBytes(job, { select, options: LINES }), names);
    try {
      await ZipFile.write(job.file, job.modified, async (archive) => {
        for (const [name, xml] of workbookParts(sheets)) await archive.add(name, once(xml));
        for (let sheet = 0; sheet < sheets; sheet += 1) await archive.add(sheetPart(sheet), lines.sheet());
      });
    } finally {
      await lines.close();
    }
    if (lines.rows !== rows) throw new Error(`The workbook has ${String(lines.rows)} of ${String(rows)} rows.`);
    return { rows, warnings };
  },
};

/** Counts the rows, and the cells that cannot or should not stand as they are. */
async function examine({ session, table, columns }: RenderJob): Promise<{ rows: number; warnings: string[] }> {
  const { cut, formulaLike } = textChecks(columns);
  // A list, because as many terms of a sum would nest too deep for a wide table.
  const total = (conditions: readonly string[]): string =>
    `list_sum([0, ${conditions.map((condition) => `count_if(${condition})`).join(', ')}])`;
  const [counts] = await session.query(
    `SELECT count(*) AS rows, ${total(cut)} AS cut, ${total(formulaLike)} AS formula_like FROM ${table}`,
  );
  return {
    rows: Number(counts?.['rows']),
    warnings: [
      ...warning(counts?.['cut'], 'were cut to the 32,767 characters that Excel holds'),
      ...warning(counts?.['formula_like'], 'look like formulas and are marked as text'),
    ],
  };
}

function warning(count: unknown, what: string): string[] {
  return Number(count) > 0 ? [`xlsx: ${Number(count).toLocaleString('en')} text cells ${what}.`] : [];
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
