import { quoteName, quoteText } from '../platform/query-engine/statement-text.js';
import { isWide, MAX_COLUMNS_OF_STATEMENT } from './column-files.js';
import { copyText } from './copy.js';
import { csvStyle, type CsvStyle } from './csv-style.js';
import { csvValue, isFormulaLike, isText, looksLikeFormula, neutralized } from './csv-values.js';
import { FormatName, LineEnd, type Copy, type Format, type RenderJob } from './format.js';
import type { RecordFrame } from './joined-records.js';

const BYTE_ORDER_MARK = '\uFEFF';
const LINE_ENDS: Readonly<Record<LineEnd, string>> = { [LineEnd.Lf]: '\n', [LineEnd.Crlf]: '\r\n' };
/** As the engine's option spells them. */
const NEW_LINES: Readonly<Record<LineEnd, string>> = { [LineEnd.Lf]: '\\n', [LineEnd.Crlf]: '\\r\\n' };

/** RFC 4180 with a header line; `FormatOptions` say in which of its many dialects. */
export const csv: Format = {
  name: FormatName.Csv,
  extension: 'csv',
  contentType: 'text/csv; charset=utf-8',
  render: async (job) => await copyText(job, await csvCopy(job)),
  copy: async (job) => await csvCopy(job),
};

/** What has to be known of the rows: nothing, for what programs read. */
interface CsvFacts {
  isEmpty: boolean;
  /** Text cells that look like formulas, for each column; 0 where that does not matter. */
  formulas: readonly number[];
}

async function csvCopy(job: RenderJob): Promise<Copy> {
  const { columns, table } = job;
  const style = csvStyle(job.options);
  const facts = await examine(job, style);
  const values = columns.map((column, index) => {
    const value = csvValue(column, style.spelling);
    return `${facts.formulas[index] ? neutralized(value) : value} AS ${quoteName(column.name)}`;
  });
  const names = columns.map(({ name }) => (style.neutralizeFormulas && isFormulaLike(name) ? `'${name}` : name));
  const changedNames = names.filter((name, index) => name !== columns[index]?.name).length;
  const header = style.bom || changedNames > 0 ? headerLine(names, style) : null;
  const options = `FORMAT csv, DELIMITER ${quoteText(style.delimiter)}, NULLSTR ${quoteText(style.nullText)}`;
  const newLine = `NEW_LINE ${quoteText(NEW_LINES[style.lineEnd])}`;
  return {
    select: `SELECT ${values.join(', ')} FROM ${table}`,
    options: `${options}, ${newLine}, ${header === null ? 'HEADER true' : headerOptions(header, style, facts)}`,
    wide: isWide(columns)
      ? { values, options: `${options}, HEADER ${String(header === null)}`, frame: frameOf(style, header) }
      : undefined,
    warnings: warnings(facts.formulas.reduce((sum, count) => sum + count, changedNames)),
  };
}

/** One look at the text columns where formulas matter; the number of rows is known to the file. */
async function examine({ session, table, columns }: RenderJob, style: CsvStyle): Promise<CsvFacts> {
  if (!style.bom && !style.neutralizeFormulas) return { isEmpty: false, formulas: [] };
  const counts = columns.map((column, index) =>
    style.neutralizeFormulas && isText(column)
      ? [`count_if(${looksLikeFormula(csvValue(column, style.spelling))}) AS c${String(index)}`]
      : [],
  );
  const expressions = ['count(*) AS rows', ...counts.flat()];
  const found: Record<string, unknown> = {};
  for (let from = 0; from < expressions.length; from += MAX_COLUMNS_OF_STATEMENT) {
    const some = expressions.slice(from, from + MAX_COLUMNS_OF_STATEMENT);
    Object.assign(found, (await session.query(`SELECT ${some.join(', ')} FROM ${table}`))[0]);
  }
  return {
    isEmpty: Number(found['rows']) === 0,
    formulas: columns.map((_, index) => Number(found[`c${String(index)}`] ?? 0)),
  };
}

/** The engine writes `PREFIX`, the rows with line ends between them, `SUFFIX`, which must not be empty. */
function headerOptions(header: string, style: CsvStyle, { isEmpty }: CsvFacts): string {
  const lineEnd = LINE_ENDS[style.lineEnd];
  return `HEADER false, PREFIX ${quoteText(isEmpty ? header : header + lineEnd)}, SUFFIX ${quoteText(lineEnd)}`;
}

function headerLine(names: readonly string[], style: CsvStyle): string {
  return `${style.bom ? BYTE_ORDER_MARK : ''}${names.map((name) => field(name, style)).join(style.delimiter)}`;
}

function frameOf({ delimiter, lineEnd }: CsvStyle, header: string | null): RecordFrame {
  const end = LINE_ENDS[lineEnd];
  const head = header === null ? '' : header + end;
  const plain = { quoted: true, wrapped: 0, start: '', separator: '', tail: '' } as const;
  return { ...plain, glue: delimiter, end, head, header: header === null };
}

function field(text: string, { delimiter, nullText }: CsvStyle): string {
  const needsQuotes = /["\r\n]/.test(text) || text.includes(delimiter) || text === nullText;
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text;
}

function warnings(formulas: number): string[] {
  if (formulas === 0) return [];
  return [`csv: ${formulas.toLocaleString('en')} text cells look like formulas and begin with an apostrophe.`];
}
