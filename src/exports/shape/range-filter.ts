import { pointerTo } from '../../common/json-pointer.js';
import type { QueryParameter, ScalarType } from '../../platform/query-engine/query-engine.js';
import { decimalDigits, kindOf } from './column-type.js';
import { decimalText, readNumber, readTime, readUtc, roundTo } from './filter-values.js';
import { misfit, type BoundFilter, type FilterTarget } from './filter-target.js';
import type { ShapeSpec } from './shape-spec.js';

export type RangeSpec = Extract<ShapeSpec['filter'][string], { $gt?: unknown }>;
type Bound = string | number;
type Key = (typeof KEYS)[number];
type Value = string | number | bigint;

const KEYS = ['gt', 'gte', 'lt', 'lte'] as const;
/** Digits of the widest decimal, in which files also keep integers beyond 64 bits. */
const MAX_DIGITS = 38;

/** How the bounds of a column are read and bound; `castTo` where no parameter has the column's type. */
interface Binding {
  type: ScalarType;
  castTo?: string;
  expected: string;
  /** Null when the bound is of another kind than the column. */
  read: (bound: Bound, key: Key) => Value | null;
}

/** Null, with the reasons in `problems`, when the column has no order or a bound is not of its type. */
export function rangeFilter(range: RangeSpec, target: FilterTarget): BoundFilter | null {
  const binding = bindingOf(target.column.type, range);
  if (binding === null) {
    const detail = `cannot be compared: ${target.column.type} has no order that a range could use`;
    target.problems.push({ pointer: target.pointer, detail });
    return null;
  }
  const { type, castTo, expected } = binding;
  const fields: Record<string, QueryParameter> = {};
  for (const key of KEYS) {
    const { given, bound } = boundOf(range, key);
    if (bound === undefined) continue;
    const value = binding.read(bound, key);
    if (value === null) {
      target.problems.push({ pointer: target.pointer + pointerTo(given), detail: misfit(target, expected) });
    } else {
      fields[key] = { type, value };
    }
  }
  const parameter = { type: 'STRUCT', fields, shape: { gt: type, gte: type, lt: type, lte: type } } as const;
  const name = `$${target.parameter}`;
  if (castTo === undefined) return { parameter, argument: name };
  const argument = KEYS.map((key) => `${key} := CAST(${name}.${key} AS ${castTo})`).join(', ');
  return { parameter, argument: `struct_pack(${argument})` };
}

/** Both spellings are known; which one the request has is where a pointer leads. */
function boundOf(range: RangeSpec, key: Key): { given: string; bound: Bound | undefined } {
  const dollar = `$${key}` as const;
  return range[dollar] === undefined ? { given: key, bound: range[key] } : { given: dollar, bound: range[dollar] };
}

function bindingOf(type: string, range: RangeSpec): Binding | null {
  switch (kindOf(type)) {
    case 'text':
      return { type: 'VARCHAR', expected: 'a text', read: (bound) => (typeof bound === 'string' ? bound : null) };
    case 'integer':
    case 'decimal':
      return exactBinding(type, range);
    case 'double':
      return { type: 'DOUBLE', expected: 'a number', read: (bound) => (readNumber(bound) ? Number(bound) : null) };
    case 'date':
    case 'timestamp':
      return { type: 'TIMESTAMP', expected: 'a date or an RFC 3339 date-time', read: readUtc };
    case 'timestamptz':
      return {
        type: 'TIMESTAMPTZ',
        expected: 'a date or an RFC 3339 date-time',
        read: (bound) => {
          const utc = readUtc(bound);
          return utc === null ? null : `${utc}+00`;
        },
      };
    case 'time':
      return { type: 'VARCHAR', castTo: 'TIME', expected: 'a time like 09:30 or 09:30:00', read: readTime };
    default:
      return null;
  }
}

/**
 * Bounds are rounded to the digits of the column in the direction that changes no answer (`> 4.5` is `> 4` for integers),
 * so that no value of the column has to become a double, which would lose digits.
 */
function exactBinding(type: string, range: RangeSpec): Binding {
  const digits = decimalDigits(type);
  const scale = digits?.scale ?? 0;
  const read = (bound: Bound, key: Key): bigint | null => {
    const number = readNumber(bound);
    return number === null ? null : roundTo(number, scale, key === 'gt' || key === 'lte' ? 'down' : 'up');
  };
  const values = KEYS.flatMap((key) => {
    const { bound } = boundOf(range, key);
    return bound === undefined ? [] : [read(bound, key) ?? 0n];
  });
  if (digits === null && values.every((value) => BigInt.asIntN(64, value) === value)) {
    return { type: 'BIGINT', expected: 'a number', read };
  }
  const width = digits !== null && values.every((value) => fits(value, digits.width)) ? digits.width : MAX_DIGITS;
  return {
    type: 'VARCHAR',
    castTo: `DECIMAL(${String(width)},${String(scale)})`,
    expected: `a number of at most ${String(MAX_DIGITS)} digits`,
    read: (bound, key) => {
      const value = read(bound, key);
      return value !== null && fits(value, MAX_DIGITS) ? decimalText(value, scale) : null;
    },
  };
}

const fits = (value: bigint, digits: number): boolean => (value < 0n ? -value : value) < 10n ** BigInt(digits);
