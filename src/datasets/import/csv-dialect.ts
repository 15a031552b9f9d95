import { open } from 'node:fs/promises';
import { DatasetInvalid } from '../dataset.js';

/** How a CSV file is written. `quote` is empty when nothing is quoted. */
export interface CsvDialect {
  delimiter: string;
  quote: string;
  /** Whether the first record holds the column names. */
  header: boolean;
  /** Texts that mean NULL beside the empty one. */
  nullText: string | undefined;
}

/** Parts of a dialect that a client has given; the others are found by looking. */
export type CsvOptions = { [Part in keyof CsvDialect]?: CsvDialect[Part] | undefined };

/** The first record must end within so many bytes. */
const HEAD_BYTES = 4 * 1024 * 1024;
const DELIMITERS = [',', ';', '\t', '|'];

/** The dialect and column names of a CSV file. Throws `DatasetInvalid` for names that cannot be. */
export async function readHead(file: string, options: CsvOptions): Promise<{ dialect: CsvDialect; names: string[] }> {
  const text = await readStart(file);
  const quote = options.quote ?? '"';
  const delimiter = options.delimiter ?? mostFrequent(text, quote);
  const dialect = { delimiter, quote, header: options.header ?? true, nullText: options.nullText };
  const fields = firstRecord(text, dialect);
  const names = dialect.header ? fields : fields.map((_, index) => `column${String(index + 1)}`);
  checkNames(names);
  return { dialect, names };
}

async function readStart(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function mostFrequent(text: string, quote: string): string {
  const counted = DELIMITERS.map((delimiter) => ({
    delimiter,
    count: firstRecord(text, { delimiter, quote }).length,
  }));
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).delimiter;
}

function firstRecord(text: string, { delimiter, quote }: Pick<CsvDialect, 'delimiter' | 'quote'>): string[] {
  const fields: string[] = [];
  let field = '';
  let index = 0;
  let quoted = false;
  for (; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quoted) {
      if (character !== quote) field += character;
      else if (text.charAt(index + 1) === quote) field += text.charAt((index += 1));
      else quoted = false;
    } else if (character === quote && field === '') quoted = true;
    else if (character === '\n' || character === '\r') break;
    else if (character === delimiter) {
      fields.push(field);
      field = '';
    } else field += character;
  }
  if (quoted || (index === text.length && text.length >= HEAD_BYTES / 4 && Buffer.byteLength(text) >= HEAD_BYTES)) {
    throw DatasetInvalid.at({ line: 1, column: 1, detail: 'the first record does not end. Is a quote not closed?' });
  }
  return [...fields, field];
}

/** Throws `DatasetInvalid` when a name is blank or is there twice (SQL does not tell upper from lower case). */
export function checkNames(names: readonly string[]): void {
  const seen = new Map<string, number>();
  const places = names.flatMap((name, index) => {
    const column = index + 1;
    const before = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), before ?? column);
    if (name.trim() === '') return [{ line: 1, column, detail: `column ${String(column)} has no name.` }];
    if (before === undefined) return [];
    const detail = `column ${String(column)} has the name "${name}" of column ${String(before)}.`;
    return [{ line: 1, column, detail }];
  });
  const [first] = places;
  if (first !== undefined) {
    throw new DatasetInvalid(`The header cannot be used: ${first.detail} Every column needs a name of its own.`, {
      places,
    });
  }
}
