import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testConfig } from '../../../test/support/config.js';
import { DuckDbEngine } from '../../platform/query-engine/duckdb-engine.js';
import { bindParameters } from './parameter-binding.js';
import type { ParameterSpec } from './parameter-spec.js';
import { validateParameters } from './parameter-validation.js';

const engine = new DuckDbEngine(testConfig());

/** What the engine sees of a parameter, in a session of another time zone. */
async function seen(spec: ParameterSpec, value: unknown, expression = '$value'): Promise<unknown> {
  const definition = { name: 'sample', parameters: { value: spec } };
  const values = validateParameters(definition, value === undefined ? {} : { value });
  const directory = await mkdtemp(join(tmpdir(), 'bind-'));
  const session = await engine.open({ directory, timeZone: 'Asia/Kathmandu' });
  try {
    const [row] = await session.query(`SELECT ${expression} AS seen`, {
      parameters: bindParameters(definition, values),
    });
    return row?.['seen'];
  } finally {
    await session.close();
    await rm(directory, { recursive: true });
  }
}

describe(bindParameters, () => {
  it('binds a partial date as its first instant in UTC', async () => {
    const range = await seen({ 'x-type': 'range', of: 'date' }, { $gt: '1990', $lte: '2021-05' });
    expect(range).toEqual({ gt: '1990-01-01 00:00:00', gte: null, lt: null, lte: '2021-05-01 00:00:00' });
    const offset = await seen({ 'x-type': 'range', of: 'date' }, { $gt: '2020-01-01T00:00:00+02:00' });
    expect(offset).toMatchObject({ gt: '2019-12-31 22:00:00' });
  });

  it('binds date-times as instants', async () => {
    const now: ParameterSpec = { type: 'string', format: 'date-time' };
    expect(await seen(now, '2023-01-25T18:13:22.123456Z', 'epoch_us($value)')).toBe(1674670402123456n);
    const range: ParameterSpec = { 'x-type': 'range', of: 'date-time' };
    expect(await seen(range, { $lt: '2023-01-25T18:13:22Z' }, 'epoch_us($value.lt)')).toBe(1674670402000000n);
  });

  it('binds integers beyond 2^53 digit for digit', async () => {
    const set: ParameterSpec = { 'x-type': 'set', of: 'integer' };
    const ids = { include: ['8419537941919820732', 7] };
    expect(await seen(set, ids)).toEqual({ include: [8419537941919820732n, 7n], exclude: null });
    const range: ParameterSpec = { 'x-type': 'range', of: 'integer' };
    expect(await seen(range, { $gte: '-9223372036854775808' })).toMatchObject({ gte: -9223372036854775808n });
  });

  it('binds what is absent as a NULL of its shape, and an empty list of a set as no restriction', async () => {
    expect(await seen({ 'x-type': 'range', of: 'number' }, undefined, '$value.gt IS NULL')).toBe(true);
    expect(await seen({ 'x-type': 'set', of: 'string' }, undefined, `in_set('a', $value)`)).toBe(true);
    expect(await seen({ 'x-type': 'set', of: 'string' }, { include: [] }, `in_set('a', $value)`)).toBe(true);
    expect(await seen({ type: 'integer' }, undefined)).toBeNull();
  });

  it.each<[ParameterSpec, unknown, unknown]>([
    [{ type: 'integer' }, 5, 5n],
    [{ type: 'number' }, 5, 5],
    [{ type: 'boolean' }, true, true],
    [{ type: 'string' }, `'; DROP TABLE x --`, `'; DROP TABLE x --`],
    [{ type: 'string', format: 'date' }, '2024-02-29', '2024-02-29'],
    [{ type: 'array', items: { type: 'string' } }, ['a', 'b'], ['a', 'b']],
    [{ type: 'array', items: { type: 'integer' } }, [], []],
    [{ 'x-type': 'set', of: 'date' }, { exclude: ['2024-02-29'] }, { include: null, exclude: ['2024-02-29'] }],
    [{ 'x-type': 'range', of: 'string' }, { $gte: 'a' }, { gt: null, gte: 'a', lt: null, lte: null }],
  ])('binds %j of %j', async (spec, value, expected) => {
    expect(await seen(spec, value)).toEqual(expected);
  });
});
