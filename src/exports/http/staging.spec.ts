import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testConfig } from '../../../test/support/config.js';
import { DuckDbEngine } from '../../platform/query-engine/duckdb-engine.js';
import type { QuerySession } from '../../platform/query-engine/query-engine.js';
import { columnsOf, SOURCE_TABLE } from '../sources/source.js';
import { readCsvPage } from './csv-page.js';
import { stageCsv } from './csv-staging.js';
import { readJsonPage } from './json-page.js';
import { selectJson } from './json-staging.js';
import { addKinds, newKinds, type ColumnKinds } from './value-kinds.js';

const engine = new DuckDbEngine(testConfig());
let directory: string;
let session: QuerySession;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'staging-'));
  session = await engine.open({ directory });
});
afterEach(async () => {
  await session.close();
  await rm(directory, { recursive: true });
});

/** Reads pages as a worker does and gives what the relation has. */
async function stageJson(pages: readonly string[], flatten = false) {
  const columns: ColumnKinds[] = [];
  const files: string[] = [];
  let largest = 0;
  for (const [index, text] of pages.entries()) {
    const page = readJsonPage(Buffer.from(text), { path: [], flatten });
    addKinds(columns, newKinds(columns, page.columns));
    largest = Math.max(largest, page.largest);
    if (page.rows === 0) continue;
    files.push(join(directory, `${String(index)}.ndjson`));
    await writeFile(files.at(-1)!, page.records);
  }
  const known = selectJson({ files, columns, largest });
  if (known === null) return { rows: [], types: {}, warnings: [] };
  const { select, warnings } = known;
  await session.define(SOURCE_TABLE, select);
  return { rows: await session.query('SELECT * FROM source'), types: await typesOf(), warnings };
}

async function stageTexts(pages: readonly string[]) {
  await mkdir(join(directory, 'pages'));
  const files = await Promise.all(
    pages.map(async (text, index) => {
      const { records, header, rows } = readCsvPage(Buffer.from(text));
      const file = join(directory, 'pages', `${String(index)}.csv`);
      await writeFile(file, records);
      return { header: header!, file: rows === 0 ? null : file, rows };
    }),
  );
  const warnings = await stageCsv(session, files);
  const rows = await session.query('SELECT * FROM source');
  expect(rows).toHaveLength(files.reduce((sum, file) => sum + file.rows, 0));
  return { rows, types: await typesOf(), warnings };
}

async function typesOf(): Promise<Record<string, string>> {
  return Object.fromEntries((await columnsOf(session)).map(({ name, type }) => [name, type]));
}

describe('pages of JSON as a relation', () => {
  it('has the union of the columns of all pages, typed by all their values', async () => {
    const { rows, types } = await stageJson([
      '[{"id":12345678901234567890,"at":"x"}]',
      '[]',
      '[{"id":7,"ok":true,"n":1.5},{"n":{"a":[1, 2]},"ok":null}]',
    ]);
    expect(types).toEqual({ id: 'HUGEINT', at: 'VARCHAR', ok: 'BOOLEAN', n: 'VARCHAR' });
    expect(
      rows.map((row) => ({ ...row, id: typeof row['id'] === 'bigint' ? row['id'].toString() : row['id'] })),
    ).toEqual([
      { id: '12345678901234567890', at: 'x', ok: null, n: null },
      { id: '7', at: null, ok: true, n: '1.5' },
      { id: null, at: null, ok: null, n: '{"a":[1,2]}' },
    ]);
  });

  it('keeps the order of 10,000 files', async () => {
    const pages = Array.from(
      { length: 10_000 },
      (_, page) => `[{"n":${String(page * 2)}},{"n":${String(page * 2 + 1)}}]`,
    );
    const { rows } = await stageJson(pages);
    expect(rows).toHaveLength(20_000);
    expect(rows.every(({ n }, index) => n === BigInt(index))).toBe(true);
  });

  it('loses no field whose name the engine would take for another one', async () => {
    const { rows, warnings } = await stageJson([
      '[{"id":1,"ID":"x","":2,"a\\u0001b":3,"/~":4.5,"__proto__":5,"o":{"p":1},"u":null}]',
    ]);
    expect(rows).toEqual([{ id: 1n, ID_2: 'x', column3: 2n, 'a b': 3n, '/~': 4.5, o: '{"p":1}', u: null }]);
    // An object of rows cannot show it under its name.
    expect(await session.query('SELECT "__proto__" AS proto FROM source')).toEqual([{ proto: 5n }]);
    expect(warnings).toHaveLength(3);
  });

  it('flattens objects whose fields can be told apart, and keeps others as JSON', async () => {
    const { types } = await stageJson(['[{"a":{"b":{"c":1},"d":"x"},"e":{"f":1,"F":2},"g":{}},{"a":null}]'], true);
    expect(types).toEqual({ a: 'STRUCT(b STRUCT(c BIGINT), d VARCHAR)', e: 'JSON', g: 'JSON' });
  });

  it('takes a record of 20 MB', async () => {
    const { rows } = await stageJson([`[{"t":"${'x'.repeat(20_000_000)}"}]`]);
    expect(String(rows[0]!['t'])).toHaveLength(20_000_000);
  });

  it('has no columns when there are no records, and one without a name for records without fields', async () => {
    expect(selectJson({ files: [], columns: [], largest: 0 })).toBeNull();
    expect(await stageCsv(session, [])).toBeNull();
    expect((await stageJson(['[{},{}]'])).rows).toHaveLength(2);
  });
});

describe('pages of CSV as a relation', () => {
  it('has the union of the headers, typed by all pages', async () => {
    const { rows, types } = await stageTexts([
      '\ufeffid,note\r\n1,"two\r\nlines, ""quoted"""\r\n\r\n2,\r\n',
      'id;day\n3;2026-01-01',
      'id,note\n',
      'note,id\n"",4\n',
    ]);
    expect(types).toEqual({ id: 'BIGINT', note: 'VARCHAR', day: 'DATE' });
    expect(rows).toEqual([
      { id: 1n, note: 'two\r\nlines, "quoted"', day: null },
      { id: 2n, note: null, day: null },
      { id: 3n, note: null, day: '2026-01-01' },
      { id: 4n, note: '', day: null },
    ]);
  });

  it('keeps what no number keeps as text', async () => {
    const { types } = await stageTexts(['a,b,c\n007,1.5,12345678901234567890\n', 'a,b,c\n8,x,1\n']);
    expect(types).toEqual({ a: 'VARCHAR', b: 'VARCHAR', c: 'VARCHAR' });
  });

  it.each([
    ['a,b\n1\n', /record 1 has 1 value where the header has 2/],
    ['a,b\n1,2\n1,2,3\n', /record 2 has 3 values/],
    ['a,b\n1,"x\n', /not closed/],
    ['a,b\n1,"x"y\n', /text after the quote/],
  ])('refuses %j', (text, message) => {
    expect(() => readCsvPage(Buffer.from(text))).toThrow(message);
  });
});
