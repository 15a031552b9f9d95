import { describe, expect, it } from 'vitest';
import { decimalDigits, elementType, kindOf, structFields } from './column-type.js';

describe('structFields', () => {
  it('reads names in quotes, types with brackets and what is inside', () => {
    const type = `STRUCT(city VARCHAR, "geo pt" STRUCT("x""y, (z" DECIMAL(2,1), lat DOUBLE), tags VARCHAR[], e ENUM('a', 'b, (c'), t TIMESTAMP WITH TIME ZONE)`;
    expect(structFields(type)).toEqual([
      { name: 'city', type: 'VARCHAR' },
      { name: 'geo pt', type: 'STRUCT("x""y, (z" DECIMAL(2,1), lat DOUBLE)' },
      { name: 'tags', type: 'VARCHAR[]' },
      { name: 'e', type: `ENUM('a', 'b, (c')` },
      { name: 't', type: 'TIMESTAMP WITH TIME ZONE' },
    ]);
    expect(structFields('STRUCT("x""y, (z" DECIMAL(2,1), lat DOUBLE)')).toEqual([
      { name: 'x"y, (z', type: 'DECIMAL(2,1)' },
      { name: 'lat', type: 'DOUBLE' },
    ]);
  });

  it.each([
    'STRUCT(a INTEGER)[]',
    'STRUCT(a INTEGER)[3]',
    'MAP(VARCHAR, INTEGER)',
    'UNION(a INTEGER)',
    'VARCHAR',
    'STRUCT(INTEGER, VARCHAR)',
  ])('says that %s has none', (type) => {
    expect(structFields(type)).toBeNull();
  });
});

describe('kindOf', () => {
  it.each([
    ['VARCHAR', 'text'],
    [`ENUM('a]', 'b')`, 'text'],
    ['HUGEINT', 'integer'],
    ['DECIMAL(18,3)', 'decimal'],
    ['TIMESTAMP_NS', 'timestamp'],
    ['TIMESTAMP WITH TIME ZONE', 'timestamptz'],
    ['TIME WITH TIME ZONE', 'other'],
    ['INTEGER[3]', 'list'],
    ['STRUCT(a INTEGER)[]', 'list'],
    ['MAP(VARCHAR, INTEGER)', 'nested'],
    ['UUID', 'other'],
  ])('%s is %s', (type, kind) => {
    expect(kindOf(type)).toBe(kind);
  });

  it('knows members and digits', () => {
    expect([elementType('DECIMAL(4,1)[][3]'), decimalDigits('decimal(4, 1)'), decimalDigits('INTEGER')]).toEqual([
      'DECIMAL(4,1)[]',
      { width: 4, scale: 1 },
      null,
    ]);
  });
});
