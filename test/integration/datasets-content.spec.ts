import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatasetsApp, type Answer } from '../support/datasets-app.js';

let app: DatasetsApp;
beforeAll(async () => {
  app = await DatasetsApp.start();
});
afterAll(async () => {
  await app.stop();
});

const types = (answer: Answer) => answer.current?.columns.map(({ type }) => type);

describe('a CSV upload', () => {
  it('keeps every value, with a type only where nothing changes', async () => {
    const csv = [
      'id,zip,plus,huge,price,long,flag,day,at,instant,clock,mixed,empty,note',
      '9007199254740993,007,+1,9223372036854775808,1.50,0.1234567890123456,true,2024-02-29,2023-01-24 09:06:42,2023-01-24 09:06:42.605777 UTC,00:10:00,1,,"a ""b"",',
      'c"',
      '-5,010,2,1,-0.1,1,false,0001-01-01,2023-01-24T09:06:42.5,2023-01-24T10:06:42.60+01:00,23:59:59,x,,""',
    ].join('\n');
    const { status, headers, body } = await app.put('kinds', csv, { type: 'text/csv' });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/api/v1/datasets/kinds');
    expect(types(body)).toEqual([
      'BIGINT', 'VARCHAR', 'VARCHAR', 'VARCHAR', 'DOUBLE', 'VARCHAR', 'BOOLEAN', 'DATE', 'TIMESTAMP',
      'TIMESTAMP WITH TIME ZONE', 'TIME', 'VARCHAR', 'VARCHAR', 'VARCHAR',
    ]); // prettier-ignore
    const [first, second] = await app.rows('kinds', 'SELECT * REPLACE (epoch_us(instant) AS instant) FROM t');
    expect(first).toMatchObject({ id: 9007199254740993n, zip: '007', huge: '9223372036854775808', price: 1.5 });
    expect(first).toMatchObject({ instant: 1674551202605777n, empty: null, note: 'a "b",\nc', clock: '00:10:00' });
    expect(second).toMatchObject({ instant: 1674551202600000n, note: '', day: '0001-01-01', flag: false });
  });

  it('looks at all rows before it decides', async () => {
    const csv = `n,d\n${'1,2024-01-01\n'.repeat(5000)}1.5,2024-01-01 10:00:00\n`;
    const { body } = await app.put('late', csv, { type: 'text/csv' });
    expect(types(body)).toEqual(['DOUBLE', 'VARCHAR']);
  });

  it('takes names, types and the dialect from the request', async () => {
    const query = `?format=csv&delimiter=tab&quote=&header=false&null_text=NA&types=${encodeURIComponent('{"column1":"VARCHAR"}')}`;
    const { body } = await app.put('dialect', '1\t"x"\n2\tNA\n', { query });
    expect(types(body)).toEqual(['VARCHAR', 'VARCHAR']);
    expect(await app.rows('dialect')).toEqual([
      { column1: '1', column2: '"x"' },
      { column1: '2', column2: null },
    ]);
  });

  it.each([';', '\t', '|'])('finds the delimiter %j', async (delimiter) => {
    const { body } = await app.put(
      'found',
      ['a,x', 'b', 'c'].join(delimiter) + '\r\n' + ['1', '2', '3'].join(delimiter),
    );
    expect(body.current).toMatchObject({ rows: 1, columns: [{ name: 'a,x' }, { name: 'b' }, { name: 'c' }] });
  });

  it.each([
    ['a ragged row', 'a,b\n1,"x\ny"\n2,z\n3\n', { line: 5, column: 1 }],
    ['a row that is too long', 'a,b\n1,2\n1,2,3\n', { line: 3, column: 5 }],
    ['a quote that is not closed', 'a,b\n1,"x\ny"\n2,"z\n3,5\n', { line: 4, column: 3 }],
    ['text after a quote', 'a,b\n1,"x"y\n', { line: 2, column: 6 }],
    ['latin1', Buffer.from('a,b\nx,caf\xe9\n', 'latin1'), { line: 2, column: 6 }],
    ['a blank name', 'a,,c\n1,2,3\n', { column: 2 }],
    ['a name that is there twice', 'a,b,A\n1,2,3\n', { column: 3 }],
  ])('refuses %s and says where', async (_, content, place) => {
    const { status, body } = await app.put('refused', content, { type: 'text/csv' });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'dataset-invalid' });
    expect(body.errors?.[0]).toMatchObject(place);
    expect(JSON.stringify(body)).not.toContain(app.config.scratchDir);
  });

  it('refuses a value that does not fit the type that was asked for', async () => {
    const query = `?types=${encodeURIComponent('{"b":"INTEGER"}')}`;
    const { status, body } = await app.put('refused', 'a,b\n"x\ny",1\n2,\n3,12x\n', { query, type: 'text/csv' });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ line: 5, column: 3, detail: 'the value "12x" of "b" is not INTEGER.' }]);
  });

  it.each([
    ['{"zz":"BIGINT"}', '/types/zz'],
    ['{"a":"INTEGER); DROP TABLE x; --"}', '/types/a'],
    ['[1]', '/types'],
    ['{', '/types'],
  ])('refuses the types %s', async (value, pointer) => {
    const { status, body } = await app.put('refused', 'a\n1\n', {
      query: `?types=${encodeURIComponent(value)}`,
      type: 'text/csv',
    });
    expect({ status, pointer: body.errors?.[0]?.pointer }).toEqual({ status: 422, pointer });
  });

  it('accepts a header alone, line ends of two kinds, UTF-16 and a mark', async () => {
    const header = await app.put('header_only', 'a,b', { type: 'text/csv' });
    expect(header.body.current).toMatchObject({ rows: 0, columns: [{ type: 'VARCHAR' }, { type: 'VARCHAR' }] });
    await app.put('mixed_ends', 'a,b\r\n1,2\n3,4\r\n', { type: 'text/csv' });
    expect(await app.rows('mixed_ends')).toEqual([{ a: 1n, b: 2n }, { a: 3n, b: 4n }]); // prettier-ignore
    await app.put('wide', Buffer.from('\ufeffa,b\né,2\n', 'utf16le'), { type: 'text/csv' });
    expect(await app.rows('wide')).toEqual([{ a: 'é', b: 2n }]);
    await app.put('marked', '\ufeffa,b\n1,2\n', { type: 'text/csv' });
    expect(await app.rows('marked')).toEqual([{ a: 1n, b: 2n }]);
  });

  it.each([
    ['at the end of a long file', `a,b\n${'1,2\n'.repeat(10_000_000)}${'x'.repeat(3_000_000)},y\n\n`, 10_000_002],
    ['that is longer than all buffers', `a,b\n${'x'.repeat(40_000_000)},y`, 2],
    ['before others', `a,b\n1,2\n${'x'.repeat(3_000_000)},y\n1,2\n`, 3],
    ['with line ends in quotes', `a,b\n1,2\n"${'x\n'.repeat(1_500_000)}",y\n1,2\n`, 3],
  ])('with a record of more than 2 MB %s is refused with its line', async (_, content, line) => {
    const { status, body } = await app.put('long', content, { type: 'text/csv' });
    expect({ status, errors: body.errors }).toMatchObject({ status: 422, errors: [{ line, column: 1 }] });
    expect(body.detail).toContain('longer than the 2 MB');
  });

  it.each([
    ['text/csv', 'a\n170141183460469231731687303715884105\n'],
    ['application/x-ndjson', '{"a":170141183460469231731687303715884105}\n'],
  ])('of %s keeps every digit of a HUGEINT that is asked for', async (type, content) => {
    const query = `?types=${encodeURIComponent('{"a":"HUGEINT"}')}`;
    expect((await app.put('huge', content, { type, query })).status).toBeLessThan(300);
    expect(await app.rows('huge')).toEqual([{ a: '170141183460469231731687303715884105' }]);
  });

  it('keeps a record of nearly 2 MB at the end', async () => {
    const { body } = await app.put('long', `a,b\n${'1,2\n'.repeat(7_600_000)}${'x'.repeat(1_990_000)},y`, {
      type: 'text/csv',
    });
    expect(body.current).toMatchObject({ rows: 7_600_001 });
  });

  it('takes 1,147 columns', async () => {
    const columns = Array.from({ length: 1147 }, (_, index) => index);
    const lines = [
      columns.map((index) => `c${String(index)}`),
      ...Array.from({ length: 500 }, () => columns.map((i) => (i % 3 ? String(i) : `t${String(i)}`))),
    ];
    const { status, body } = await app.put('many', lines.map((line) => line.join(',')).join('\n'), {
      type: 'text/csv',
    });
    expect({ status, columns: body.current?.columns.length, rows: body.current?.rows }).toEqual({
      status: 201,
      columns: 1147,
      rows: 500,
    });
    expect(types(body)?.slice(0, 3)).toEqual(['VARCHAR', 'BIGINT', 'BIGINT']);
  });
});

describe('a JSON upload', () => {
  const documents = [
    '{"_id":{"$oid":"573a1390f29313caabcd42e8"},"released":{"$date":{"$numberLong":"-2085523200000"}},"rating":7.4,"big":9223372036854775808,"tags":["a"],"sub":{"n":{"$numberLong":"5"},"at":{"$date":"2015-08-08T19:16:10Z"}},"x":1.5,"uuid":"D9428888-122B-11E1-B85C-61CD3CBB3210"}',
    '{"_id":{"$oid":"573a1390f29313caabcd446f"},"rating":"","day":"2020-01-01","x":123456789012345678901,"y":NaN}',
  ];

  it.each([
    ['NDJSON', documents.join('\n'), 'application/x-ndjson', 'ndjson'],
    ['a JSON array', `[${documents.join(',\n')}]`, 'application/json', 'json'],
    ['NDJSON that nobody named', `\n${documents.join('\n')}\n`, undefined, 'ndjson'],
  ])('of %s is unwrapped and keeps every digit', async (_, content, type, format) => {
    const { status, body } = await app.put('documents', Buffer.from(content), type === undefined ? {} : { type });
    expect(body.errors ?? body.detail).toBeUndefined();
    expect([200, 201]).toContain(status);
    expect(body.current).toMatchObject({ rows: 2, source_format: format });
    expect(await app.rows('documents')).toEqual([
      {
        _id: '573a1390f29313caabcd42e8', released: '1903-12-01 00:00:00', rating: '7.4', big: '9223372036854775808',
        tags: ['a'], sub: { n: 5n, at: '2015-08-08 19:16:10' }, x: '1.5', uuid: 'D9428888-122B-11E1-B85C-61CD3CBB3210',
        day: null, y: null,
      },
      {
        _id: '573a1390f29313caabcd446f', released: null, rating: '', big: null, tags: null, sub: null,
        x: '123456789012345678901', uuid: null, day: '2020-01-01', y: 'NaN',
      },
    ]); // prettier-ignore
  });

  it('may have fields named like what every object has', async () => {
    const { status } = await app.put('named', '{"constructor":1,"toString":"a"}\n', { type: 'application/x-ndjson' });
    expect(status).toBe(201);
    expect(await app.rows('named')).toEqual([{ constructor: 1n, toString: 'a' }]);
  });

  it('may be one object over several lines', async () => {
    await app.put('pretty', JSON.stringify({ a: 1, b: [{ c: 'x' }] }, null, 2), { type: 'application/json' });
    expect(await app.rows('pretty')).toEqual([{ a: 1n, b: [{ c: 'x' }] }]);
  });

  it.each([
    ['a broken line', 'application/x-ndjson', '{"a":1}\n{"a":2\n{"a":3}\n', 2],
    ['a line that is no object', 'application/x-ndjson', '{"a":1}\n{"a":2}\n5\n', 3],
    ['a broken element', 'application/json', '[{"a":1},\n{"a":"]},{"},\n{"a" 3}]', 3],
    ['an array of numbers', 'application/json', '[1,2]', 1],
  ])('with %s is refused with its line', async (_, type, content, line) => {
    const { status, body } = await app.put('refused', content, { type });
    expect({ status, line: body.errors?.[0]?.line }).toEqual({ status: 422, line });
  });

  it.each([
    ['application/x-ndjson', '{"a":1,"b":null}\n\n{"a":2,"b":"2020-01-01"}\n{"a":"é","b":"soon"}\n', 'BIGINT', 4],
    ['application/json', '[{"a":1},{"b":1,"x":"]"},\n  {"a":[2]},{"a":"x"}]', 'BIGINT', 2],
    ['application/json', '{\n"a":[1]}\n{"a":\n["x"]}', 'BIGINT[]', 3],
  ])('of %s with a value that does not fit is refused with its line', async (type, content, wanted, line) => {
    const query = `?types=${encodeURIComponent(JSON.stringify({ a: wanted }))}`;
    const { status, body } = await app.put('refused', content, { type, query });
    expect({ status, errors: body.errors }).toMatchObject({ status: 422, errors: [{ line }] });
    expect(body.detail).toMatch(/: the value .* of "a" is not BIGINT/);
  });
});

describe('any upload', () => {
  const csv = 'a,b\n1,2\n';

  it.each([
    ['gzip named .csv', gzipSync(csv), { type: 'text/csv' }],
    ['gzip of two members', Buffer.concat([gzipSync('a,b\n'), gzipSync('1,2\n')]), {}],
  ])('is unpacked: %s', async (_, content, options) => {
    await app.put('packed', content, options);
    expect(await app.rows('packed')).toEqual([{ a: 1n, b: 2n }]);
  });

  it('may be the file of a form', async () => {
    const form = new FormData();
    form.append('file', new Blob([gzipSync(csv)]), 'x.csv.gz');
    const { body } = await app.put('form', form);
    expect(body.current).toMatchObject({ rows: 1, source_format: 'csv' });
    const empty = new FormData();
    empty.append('a', 'b');
    expect(await app.put('form', empty)).toMatchObject({ status: 400, body: { code: 'malformed-request' } });
  });

  it('is refused when its form has no end, and the service goes on', async () => {
    const type = 'multipart/form-data; boundary=B';
    const head = '--B\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n';
    const rows = '1,2\n'.repeat(100_000);
    for (const content of [`${head}${csv}`, `${head}${csv}\r\n--`, head, `${head}${csv}${rows}`]) {
      expect(await app.put('cut_form', content, { type })).toMatchObject({ status: 400 });
    }
    expect((await fetch(`${app.url}/cut_form`)).status).toBe(404);
  });

  it('may be Parquet with nested types, and is read whole', async () => {
    const session = await app.engine.open({ directory: app.config.scratchDir });
    await session.materialize(
      `SELECT range AS id, {a: [1, 2], m: MAP {'k': 1.5}} AS nested FROM range(3)`,
      'source.parquet',
    );
    await session.close();
    const parquet = await readFile(join(app.config.scratchDir, 'source.parquet'));
    const { body } = await app.put('columnar', parquet, { type: 'application/octet-stream' });
    expect(body.current).toMatchObject({ rows: 3, source_format: 'parquet' });
    const broken = Buffer.from(parquet).fill(7, 20, 60);
    for (const content of [broken, parquet.subarray(0, parquet.length - 9)]) {
      expect(await app.put('columnar', content)).toMatchObject({ status: 422, body: { code: 'dataset-invalid' } });
    }
  });

  it.each([
    ['nothing', '', {}, 'empty'],
    ['packed nothing', gzipSync(''), {}, 'empty'],
    ['half a gzip', gzipSync(csv.repeat(100)).subarray(0, 20), {}, 'gzip'],
    ['an Excel file', 'PK\x03\x04…', { type: 'text/csv' }, 'ZIP or Excel'],
    ['no Parquet', csv, { query: '?format=parquet' }, 'does not begin as one'],
    ['zero bytes', Buffer.alloc(100), { type: 'text/csv' }, 'zero byte'],
  ])('of %s is refused', async (_, content, options, message) => {
    const { status, body } = await app.put('refused', content, options);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'dataset-invalid' });
    expect(body.detail).toContain(message);
  });

  it('is refused under a name that is no identifier, and with options that do not exist', async () => {
    expect(await app.put('Bad-Name', csv)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/name' }] } });
    expect(await app.put('x', csv, { query: '?nope=1' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/nope' }] },
    });
  });

  it('leaves nothing behind when it is refused', async () => {
    expect((await fetch(`${app.url}/refused`)).status).toBe(404);
    expect(await app.leftovers()).toEqual([]);
  });
});
