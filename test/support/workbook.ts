import ExcelJS from 'exceljs';
import { text } from 'node:stream/consumers';
import { openPromise } from 'yauzl';

/** Values of a row, null where there is none. */
export type Row = ExcelJS.CellValue[];

/** The first sheet as exceljs reads it: rows of values, null where there is none. */
export async function read(file: string): Promise<{ sheet: ExcelJS.Worksheet; rows: Row[] }> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(file);
  const sheet = workbook.worksheets[0];
  if (sheet === undefined) throw new Error('no sheet');
  const rows: Row[] = [];
  sheet.eachRow({ includeEmpty: true }, (row) => {
    rows.push(Array.from({ length: sheet.columnCount }, (_, index) => plain(row.getCell(index + 1).value)));
  });
  return { sheet, rows };
}

/** All sheets as the reader of exceljs that streams has them. It needs references on the cells. */
export async function stream(file: string, onRow: (row: Row, sheet: number) => void): Promise<void> {
  const options = { worksheets: 'emit', sharedStrings: 'cache', styles: 'cache', hyperlinks: 'ignore' } as const;
  let index = 0;
  for await (const sheet of new ExcelJS.stream.xlsx.WorkbookReader(file, options)) {
    for await (const row of sheet) {
      const values: Row = [];
      row.eachCell({ includeEmpty: true }, ({ value }, column) => (values[column - 1] = plain(value)));
      onRow(values, index);
    }
    index += 1;
  }
}

export async function streamed(file: string, columns: number): Promise<Row[]> {
  const rows: Row[] = [];
  await stream(file, (row) => rows.push(Array.from({ length: columns }, (_, index) => row[index] ?? null)));
  return rows;
}

/** exceljs leaves `_xHHHH_` as it stands. */
const plain = (value: ExcelJS.CellValue): ExcelJS.CellValue =>
  typeof value === 'string'
    ? value.replace(/_x([0-9A-F]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : value;

export async function parts(file: string): Promise<Record<string, string>> {
  const zip = await openPromise(file);
  const found: Record<string, string> = {};
  for await (const entry of zip.eachEntry()) found[entry.fileName] = await text(await zip.openReadStreamPromise(entry));
  return found;
}

/** The XML of the first sheet. */
export const sheetXml = async (file: string): Promise<string> => (await parts(file))['xl/worksheets/sheet1.xml'] ?? '';
