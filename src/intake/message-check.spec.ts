import { describe, expect, it } from 'vitest';
import { checkMessage } from './message-check.js';

const routing = { field: 'genre', routes: { romance: 'romance', scifi: 'scifi-bucket' } };
const document = { id: '12345', title: 'LoremIpsum', author: 'John Doe', year: '1960', genre: 'scifi', summary: '' };
const check = (value: unknown, group: string | null = null) =>
  checkMessage({ body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), group }, routing);

describe('a document', () => {
  it('goes to the bucket of its genre; without a group of the queue, the genre is its group', () => {
    expect(check(document)).toMatchObject({
      ...{ messageId: '12345', type: 'document', title: 'LoremIpsum', route: 'scifi', bucket: 'scifi-bucket' },
      ...{ group: 'scifi', rejection: null },
    });
    expect(check(document, 'John Doe').group).toBe('John Doe');
  });

  it('may have other fields, and may lack those that nothing depends on', () => {
    expect(check({ id: '1', title: 'A', genre: 'scifi', pages: 12, type: 'novel' }).rejection).toBeNull();
  });

  it.each([
    ['{"id": "1", ', 'invalid-json', null],
    ['', 'invalid-json', null],
    ['[]', 'not-an-object', ''],
    ['"text"', 'not-an-object', ''],
    [{ ...document, id: undefined }, 'missing-field', '/id'],
    [{ ...document, id: 12345 }, 'wrong-type', '/id'],
    [{ ...document, id: '  ' }, 'empty-field', '/id'],
    [{ ...document, id: 'x'.repeat(256) }, 'field-too-long', '/id'],
    [{ ...document, title: undefined }, 'missing-field', '/title'],
    [{ ...document, title: '' }, 'empty-field', '/title'],
    [{ ...document, title: null }, 'wrong-type', '/title'],
    [{ ...document, genre: undefined }, 'missing-field', '/genre'],
    [{ ...document, genre: ['scifi'] }, 'wrong-type', '/genre'],
    [{ ...document, genre: 'western' }, 'unknown-route', '/genre'],
    [{ ...document, genre: 'toString' }, 'unknown-route', '/genre'],
    [{ ...document, author: 7 }, 'wrong-type', '/author'],
    [{ ...document, year: 1960 }, 'wrong-type', '/year'],
    [{ ...document, summary: {} }, 'wrong-type', '/summary'],
    [{ ...document, title: 'a\u0000b' }, 'unusable-text', '/title'],
    [{ ...document, summary: 'x'.repeat(256 * 1024) }, 'too-large', null],
    [{ type: 'report', id: '1' }, 'missing-field', '/body'],
    [{ type: 'export', id: '1', body: [] }, 'wrong-type', '/body'],
  ])('is rejected: %j', (value, code, pointer) => {
    expect(check(value).rejection).toMatchObject({ code, pointer });
  });

  it('keeps the id of a bad message that can be read', () => {
    expect(check({ ...document, title: 1 }).messageId).toBe('12345');
  });

  it('is rejected when its bytes are no UTF-8', () => {
    const body = Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(checkMessage({ body, group: null }, routing).rejection?.code).toBe('invalid-json');
  });
});

it('takes a message that asks for a run, whatever the routes', () => {
  const seen = check({ type: 'report', id: 'r1', body: { report_name: 'x' } });
  expect(seen).toMatchObject({ type: 'report', messageId: 'r1', group: 'report', bucket: null, rejection: null });
});
