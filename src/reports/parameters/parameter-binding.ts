import { isObject } from '../../common/is-object.js';
import type {
  FieldType,
  QueryParameter,
  QueryParameters,
  ScalarType,
} from '../../platform/query-engine/query-engine.js';
import type { Definition } from '../definition.js';
import { readDateTime, readInstant } from '../../common/instants.js';
import type { FilterType, ParameterSpec, ScalarSpec } from './parameter-spec.js';
import type { JsonValue, ParameterValues } from './parameter-validation.js';

type Scalar = string | number | boolean;

/** Bounds of dates are TIMESTAMP in UTC, so that a value of any time zone setting is compared with the same instant. */
const RANGE_TYPES: Readonly<Record<FilterType, ScalarType>> = {
  string: 'VARCHAR',
  number: 'DOUBLE',
  integer: 'BIGINT',
  date: 'TIMESTAMP',
  'date-time': 'TIMESTAMPTZ',
};
const SET_TYPES: Readonly<Record<FilterType, ScalarType>> = { ...RANGE_TYPES, date: 'DATE' };
const PLAIN_TYPES: Readonly<Record<ScalarSpec['type'], ScalarType>> = {
  string: 'VARCHAR',
  number: 'DOUBLE',
  integer: 'BIGINT',
  boolean: 'BOOLEAN',
};

/**
 * Typed SQL parameters of valid values, one for every declared parameter: a range is `STRUCT(gt, gte, lt, lte)`, a set
 * `STRUCT(include[], exclude[])`; what is absent is a NULL of its type.
 */
export function bindParameters(definition: Pick<Definition, 'parameters'>, values: ParameterValues): QueryParameters {
  return Object.fromEntries(
    Object.entries(definition.parameters).map(([name, spec]) => [name, bind(spec, values[name] ?? null)]),
  );
}

function bind(spec: ParameterSpec, value: JsonValue): QueryParameter {
  if ('x-type' in spec) return spec['x-type'] === 'range' ? bindRange(spec.of, value) : bindSet(spec.of, value);
  if (spec.type === 'array') {
    const { items } = spec;
    const list = Array.isArray(value) ? value.filter(isScalar).map((item) => plainValue(items, item)) : null;
    return { type: 'LIST', of: plainType(items), value: list };
  }
  return { type: plainType(spec), value: isScalar(value) ? plainValue(spec, value) : null };
}

function bindRange(of: FilterType, value: JsonValue): QueryParameter {
  const type = RANGE_TYPES[of];
  const shape = { gt: type, gte: type, lt: type, lte: type } satisfies Record<string, FieldType>;
  if (!isObject(value)) return { type: 'STRUCT', fields: null, shape };
  const fields = Object.keys(shape).map((key): [string, QueryParameter] => {
    const bound = value[`$${key}`];
    return [key, { type, value: isScalar(bound) ? filterValue(of, bound) : null }];
  });
  return { type: 'STRUCT', fields: Object.fromEntries(fields), shape };
}

function bindSet(of: FilterType, value: JsonValue): QueryParameter {
  const type = SET_TYPES[of];
  const shape = { include: `${type}[]`, exclude: `${type}[]` } satisfies Record<string, FieldType>;
  if (!isObject(value)) return { type: 'STRUCT', fields: null, shape };
  const fields = Object.keys(shape).map((key): [string, QueryParameter] => {
    const members = value[key];
    // An empty list is what a form with nothing chosen sends: it restricts nothing.
    const list = Array.isArray(members) && members.length > 0 ? members.filter(isScalar) : null;
    return [key, { type: 'LIST', of: type, value: list?.map((member) => memberValue(of, member)) ?? null }];
  });
  return { type: 'STRUCT', fields: Object.fromEntries(fields), shape };
}

function memberValue(of: FilterType, value: Scalar): Scalar | bigint {
  return of === 'date' ? value : filterValue(of, value);
}

function filterValue(of: FilterType, value: Scalar): Scalar | bigint {
  switch (of) {
    case 'integer':
      return BigInt(value);
    case 'date':
      return readInstant(String(value)) ?? value;
    case 'date-time':
      return instantText(value);
    case 'string':
    case 'number':
      return value;
  }
}

function plainType(spec: ScalarSpec): ScalarType {
  if (spec.type !== 'string' || spec.format === undefined) return PLAIN_TYPES[spec.type];
  return spec.format === 'date' ? 'DATE' : 'TIMESTAMPTZ';
}

function plainValue(spec: ScalarSpec, value: Scalar): Scalar | bigint {
  return spec.type === 'string' && spec.format === 'date-time' ? instantText(value) : value;
}

/** With its offset, so that the session's time zone has no say. */
function instantText(value: Scalar): string {
  return `${readDateTime(String(value)) ?? String(value)}+00`;
}

function isScalar(value: JsonValue | undefined): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
