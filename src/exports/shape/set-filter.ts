import { pointerTo } from '../../common/json-pointer.js';
import type { FieldType, QueryParameter, ScalarType } from '../../platform/query-engine/query-engine.js';
import { decimalDigits, elementType, kindOf } from './column-type.js';
import { memberText, readDate, readNumber, readTime, readUtc } from './filter-values.js';
import { misfit, type BoundFilter, type FilterTarget } from './filter-target.js';
import type { ShapeSpec } from './shape-spec.js';

export type SetSpec = Extract<ShapeSpec['filter'][string], { include?: unknown }>;
type Member = string | number | boolean;

const KEYS = ['include', 'exclude'] as const;

/** How members are read and bound: `in_set` compares their text, as the type writes it, with that of the values. */
interface Binding {
  type: ScalarType;
  castTo?: string;
  expected: string;
  /** Null when the member is of another kind than the column. */
  read: (member: Member) => Member | null;
}

/** A list column matches by any of its members. Null, with the reasons in `problems`, when something does not fit. */
export function setFilter(set: SetSpec, target: FilterTarget): BoundFilter | null {
  const binding = bindingOf(target.column.type, set);
  if (binding === null) {
    const detail = `cannot be filtered: ${target.column.type} has no single values; flatten it or cast it to text`;
    target.problems.push({ pointer: target.pointer, detail });
    return null;
  }
  const { type, castTo, expected } = binding;
  const fields: Record<string, QueryParameter> = {};
  for (const key of KEYS) {
    const members = set[key] ?? [];
    const values = members.flatMap((member, index) => {
      const value = binding.read(member);
      if (value !== null) return [value];
      const pointer = target.pointer + pointerTo(key, index);
      target.problems.push({ pointer, detail: misfit(target, expected) });
      return [];
    });
    fields[key] = { type: 'LIST', of: type, value: values.length > 0 ? values : null };
  }
  const list: FieldType = `${type}[]`;
  const parameter = { type: 'STRUCT', fields, shape: { include: list, exclude: list } } as const;
  const name = `$${target.parameter}`;
  if (castTo === undefined) return { parameter, argument: name };
  const argument = KEYS.map((key) => `${key} := CAST(${name}.${key} AS ${castTo}[])`).join(', ');
  return { parameter, argument: `struct_pack(${argument})` };
}

function bindingOf(type: string, set: SetSpec): Binding | null {
  switch (kindOf(type)) {
    case 'nested':
      return null;
    case 'list':
      return listBinding(elementType(type), set);
    case 'json':
      return jsonBinding(set);
    default:
      return scalarBinding(type);
  }
}

/** `in_set` sees the members of a list as JSON writes them: decimals without the zeros at their end. */
function listBinding(element: string, set: SetSpec): Binding | null {
  switch (kindOf(element)) {
    case 'list':
    case 'nested':
      return null;
    case 'json':
      return jsonBinding(set);
    case 'decimal':
      return scalarBinding('DOUBLE');
    default:
      return scalarBinding(element);
  }
}

function scalarBinding(type: string): Binding {
  switch (kindOf(type)) {
    case 'integer':
      return { type: 'VARCHAR', expected: 'a whole number', read: wholeNumber };
    case 'decimal': {
      const scale = decimalDigits(type)?.scale ?? 0;
      return { type: 'VARCHAR', expected: 'a number', read: (member) => numberText(member, scale) };
    }
    case 'double':
      return { type: 'DOUBLE', expected: 'a number', read: (member) => (readNumber(member) ? Number(member) : null) };
    case 'boolean':
      return {
        type: 'BOOLEAN',
        expected: 'true or false',
        read: (member) => (typeof member === 'boolean' ? member : null),
      };
    case 'date':
      return { type: 'VARCHAR', expected: 'a date like 2026-05-17', read: readDate };
    case 'timestamp':
      return { type: 'TIMESTAMP', expected: 'an RFC 3339 date-time', read: readUtc };
    case 'timestamptz':
      return { type: 'TIMESTAMPTZ', expected: 'an RFC 3339 date-time', read: utcWithOffset };
    case 'time':
      return { type: 'VARCHAR', castTo: 'TIME', expected: 'a time like 09:30 or 09:30:00', read: readTime };
    default:
      return { type: 'VARCHAR', expected: 'a text', read: (member) => (typeof member === 'string' ? member : null) };
  }
}

/** JSON says itself what its values are: numbers are compared as numbers when all members are. */
function jsonBinding({ include = [], exclude = [] }: SetSpec): Binding {
  const isNumeric = [...include, ...exclude].every((member) => typeof member === 'number');
  return { type: isNumeric ? 'DOUBLE' : 'VARCHAR', expected: 'a value', read: (member) => member };
}

function wholeNumber(member: Member): string | null {
  const number = readNumber(member);
  if (number === null) return null;
  const text = memberText(number, 0);
  return text.includes('.') ? null : text;
}

function numberText(member: Member, scale: number): string | null {
  const number = readNumber(member);
  return number === null ? null : memberText(number, scale);
}

function utcWithOffset(member: Member): string | null {
  const utc = readUtc(member);
  return utc === null ? null : `${utc}+00`;
}
