import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatName } from '../formats/format.js';
import { FORMATS } from '../formats/formats.js';
import { TooManyColumns } from '../formats/xlsx-errors.js';
import { DuckDbEngine } from '../platform/query-engine/duckdb-engine.js';
import { testConfig } from '../../test/support/config.js';
import { RenderBench } from '../../test/support/rendered.js';
import { parts, read, sheetXml, stream, streamed } from '../../test/support/workbook.js';
import { describeColumns } from './result-columns.js';

const job = { modified: new Date('2026-02-03T04:05:06.789Z'), baseName: 'a-report', options: {} };

let bench: RenderBench;
beforeAll(async () => {
  bench = await RenderBench.open();
});
afterAll(async () => {
  await bench.close();
});

describe('sheets', () => {
  it('starts with a frozen bold header', async () => {
    const { file } = await bench.render(FormatName.Xlsx, 'SELECT 1 AS "a <&> b", 2 AS "=c" LIMIT 0');
    const { sheet, rows } = await read(file);
    expect(rows).toEqual([['a <&> b', '=c']]);
    expect(sheet.getCell('A1').font.bold).toBe(true);
    expect(sheet.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 });
  });

  it('cuts column names that no cell holds, and says so', async () => {
    const sql = `SELECT 1 AS "${'n'.repeat(40_000)}", 2 AS "${'😀'.repeat(16_384)}"`;
    const { file, warnings } = await bench.render(FormatName.Xlsx, sql);
    expect((await read(file)).rows[0]).toEqual(['n'.repeat(32_767), '😀'.repeat(16_383)]);
    expect(warnings).toEqual(['xlsx: 2 column names were cut to the 32,767 characters that Excel holds.']);
  });

  it('go on in another sheet, under the same header', async () => {
    const { file, rows } = await bench.render(FormatName.Xlsx, 'SELECT i AS n FROM range(1_048_577) AS t(i)');
    expect(rows).toBe(1_048_577);
    const { 'xl/worksheets/sheet1.xml': first = '', 'xl/worksheets/sheet2.xml': second = '' } = await parts(file);
    expect(first).toContain('<dimension ref="A1:A1048576"/>');
    expect(first).toMatch(/<row r="1048576"><c r="A1048576"><v>1048574<\/v><\/c><\/row><\/sheetData><\/worksheet>$/);
    expect(second).toMatch(/<row r="3"><c r="A3"><v>1048576<\/v><\/c><\/row><\/sheetData><\/worksheet>$/);
    const header = /<row r="1">.*?<\/row>/;
    expect(header.exec(second)?.[0]).toBe(
      '<row r="1"><c r="A1" s="1" t="inlineStr"><is><t xml:space="preserve">n</t></is></c></row>',
    );
    expect(header.exec(first)?.[0]).toBe(header.exec(second)?.[0]);
    const seen = [0, 0];
    let sum = 0;
    await stream(file, ([value], sheet) => {
      seen[sheet] = (seen[sheet] ?? 0) + 1;
      if (typeof value === 'number') sum += value;
    });
    expect(seen).toEqual([1_048_576, 3]);
    expect(sum).toBe((1_048_577 * 1_048_576) / 2);
  });

  it('have as many columns as the table', async () => {
    const columns = Array.from({ length: 1147 }, (_, index) => `'v${String(index)}' || i AS c${String(index)}`);
    const { file } = await bench.render(FormatName.Xlsx, `SELECT ${columns.join(', ')} FROM range(3) AS t(i)`);
    const { rows } = await read(file);
    expect(rows).toHaveLength(4);
    expect(rows[3]).toEqual(Array.from({ length: 1147 }, (_, index) => `v${String(index)}2`));
    expect(await streamed(file, 1147)).toEqual(rows);
  });

  it('are made of 1,147 columns of text within the memory of the engine', async () => {
    const columns = Array.from({ length: 1147 }, (_, index) => `'value ${String(index)} ' || i AS c${String(index)}`);
    const { session, directory } = bench;
    const path = join(directory, 'wide.parquet');
    await session.materialize(`SELECT ${columns.join(', ')} FROM range(4100) AS t(i)`, path);
    await session.relate('wide', path);
    const file = join(directory, 'wide.xlsx');
    const { rows } = await FORMATS.xlsx.render({
      ...job,
      session,
      file,
      table: 'wide',
      columns: await describeColumns(session, 'wide'),
    });
    expect(rows).toBe(4100);
    const xml = await sheetXml(file);
    expect(xml.match(/<c r=/g)).toHaveLength(1147 * 4101);
    const last = xml.slice(xml.lastIndexOf('<row '));
    expect([...last.matchAll(/<t>([^<]*)<\/t>/g)].map(([, value]) => value)).toEqual(
      columns.map((_, index) => `value ${String(index)} 4099`),
    );
    expect((await readdir(directory)).filter((name) => name.startsWith('wide.xlsx'))).toEqual(['wide.xlsx']);
  });

  it('are refused for more columns than Excel has, before any work', async () => {
    const columns = Array.from(
      { length: 16_385 },
      (_, index) => ({ name: `c${String(index)}`, type: 'BIGINT', json: 'number' }) as const,
    );
    const file = join(bench.directory, 'too-wide.xlsx');
    const rendering = FORMATS.xlsx.render({ ...job, session: bench.session, file, table: 'no_such_table', columns });
    await expect(rendering).rejects.toBeInstanceOf(TooManyColumns);
    await expect(rendering).rejects.toThrow('at most 16,384 columns, and the result has 16,385. Select fewer columns');
    expect(existsSync(file)).toBe(false);
  });
});

it('stops within a second when it is told to, and leaves nothing open', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cancel-'));
  const controller = new AbortController();
  const session = await new DuckDbEngine(testConfig()).open({ directory, signal: controller.signal });
  await session.materialize('SELECT i AS n FROM range(3_000_000) AS t(i)', join(directory, 'many.parquet'));
  await session.relate('many', join(directory, 'many.parquet'));
  const columns = await describeColumns(session, 'many');
  const file = join(directory, 'out.xlsx');
  const { signal } = controller;
  const rendering = FORMATS.xlsx.render({ ...job, session, file, table: 'many', columns, signal });
  const settled = rendering.catch((error: unknown) => error);
  while (!existsSync(file) || (await stat(file)).size < 500_000) await setImmediate();
  const before = process.cpuUsage();
  controller.abort(new Error('told to stop'));
  expect(await settled).toEqual(new Error('told to stop'));
  // Time of the processor, because the machine may have more to do than this.
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(1);
  expect((await readdir(directory)).filter((name) => name.includes('pipe'))).toEqual([]);
  expect(await openFilesBelow(directory)).toEqual([]);
  await session.close();
  await rm(directory, { recursive: true });
});

/** Paths below a folder that this process has open (Linux). */
async function openFilesBelow(directory: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const paths = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(directory));
}
