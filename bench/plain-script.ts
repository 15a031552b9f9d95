import exceljs from 'exceljs';
import { format } from 'fast-csv';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** What one would write by hand: a page after the other, parsed, its rows handed to exceljs. */
const [, , kind, url = '', pages = '0', file = ''] = process.argv;
const COLUMNS = ['id', 'customer', 'note', 'weight', 'price', 'paid', 'ordered_on', 'changed_at'] as const;
type Row = Record<(typeof COLUMNS)[number], string | number | boolean>;

async function* rows(): AsyncGenerator<Row[]> {
  for (let page = 1; page <= Number(pages); page += 1) {
    const response = await fetch(`${url}&page=${String(page)}`);
    yield ((await response.json()) as { items: Row[] }).items;
  }
}

async function toCsv(): Promise<void> {
  // What exceljs writes CSV with, and comes with it; its own writer would hold all rows in memory.
  const csv = format({ headers: [...COLUMNS] });
  const out = csv.pipe(createWriteStream(file));
  for await (const items of rows()) {
    for (const row of items) if (!csv.write(row)) await once(csv, 'drain');
  }
  csv.end();
  await once(out, 'finish');
}

async function toXlsx(): Promise<void> {
  const book = new exceljs.stream.xlsx.WorkbookWriter({ filename: file, useStyles: false, useSharedStrings: false });
  const sheet = book.addWorksheet('rows');
  sheet.columns = COLUMNS.map((key) => ({ header: key, key }));
  for await (const items of rows()) for (const row of items) sheet.addRow(row).commit();
  sheet.commit();
  await book.commit();
}

const startedAt = performance.now();
await (kind === 'csv' ? toCsv() : toXlsx());
console.log(JSON.stringify({ ms: performance.now() - startedAt }));
