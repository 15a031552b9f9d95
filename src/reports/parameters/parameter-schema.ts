import type { FilterType, ParameterSpec } from './parameter-spec.js';

/** A plain JSON Schema 2020-12 document, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Own format names of the parameter language; clients that do not know them see a string. */
export const PARTIAL_DATE = 'partial-date';
export const DIGITS = '^-?[0-9]{1,19}$';

const MEMBERS: Readonly<Record<FilterType, JsonSchema>> = {
  string: { type: 'string' },
  number: { type: 'number' },
  integer: {
    type: ['integer', 'string'],
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: Number.MAX_SAFE_INTEGER,
    pattern: DIGITS,
    description: 'An integer; one beyond 2^53 as a string of its digits.',
  },
  date: {
    type: 'string',
    format: PARTIAL_DATE,
    description: 'A year, month or day (1990, 1990-05, 1990-05-17: its first instant in UTC) or an RFC 3339 date-time.',
  },
  'date-time': { type: 'string', format: 'date-time' },
};

/** Days as a set are whole days: `partial-date` is for bounds only. */
const SET_MEMBERS: Readonly<Record<FilterType, JsonSchema>> = { ...MEMBERS, date: { type: 'string', format: 'date' } };

/**
 * The JSON Schema of a definition's parameters as one object: what a request is validated against, what the catalogue
 * serves and what OpenAPI shows. The filter shapes are written out; no own keyword is left in it.
 */
export function parameterSchema(parameters: Readonly<Record<string, ParameterSpec>>): JsonSchema {
  const entries = Object.entries(parameters);
  const required = entries.filter(([, spec]) => spec.required === true).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, spec]) => [name, expand(spec)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function expand(spec: ParameterSpec): JsonSchema {
  if ('x-type' in spec) {
    return { ...about(spec), ...(spec['x-type'] === 'range' ? rangeSchema(spec.of) : setSchema(spec.of)) };
  }
  const { required: _, ...schema } = spec;
  if (spec.type === 'array') {
    const { required: __, ...items } = spec.items;
    return { ...schema, items: withSafeBounds(items) };
  }
  return withSafeBounds(schema);
}

/** JSON numbers beyond 2^53 arrive rounded: they are refused rather than used as another number. */
function withSafeBounds(schema: JsonSchema): JsonSchema {
  if (schema['type'] !== 'integer') return schema;
  return { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER, ...schema };
}

function rangeSchema(of: FilterType): JsonSchema {
  const bound = MEMBERS[of];
  return {
    type: 'object',
    properties: { $gt: bound, $gte: bound, $lt: bound, $lte: bound },
    minProperties: 1,
    additionalProperties: false,
  };
}

function setSchema(of: FilterType): JsonSchema {
  const list = { type: 'array', items: SET_MEMBERS[of] };
  return {
    type: 'object',
    properties: { include: list, exclude: list },
    minProperties: 1,
    additionalProperties: false,
  };
}

function about(spec: ParameterSpec): JsonSchema {
  return {
    ...(spec.title === undefined ? {} : { title: spec.title }),
    ...(spec.description === undefined ? {} : { description: spec.description }),
  };
}
