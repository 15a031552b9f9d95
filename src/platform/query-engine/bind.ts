import {
  BIGINT,
  BOOLEAN,
  DATE,
  DOUBLE,
  LIST,
  STRUCT,
  TIMESTAMP,
  TIMESTAMPTZ,
  VARCHAR,
  listValue,
  structValue,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { QueryFailed } from './query-errors.js';
import type { FieldType, QueryParameter, QueryParameters, ScalarType } from './query-engine.js';

type Scalar = string | number | bigint | boolean | null;

/** What the driver binds: values and their types under the same names. */
export interface Bindings {
  values: Record<string, DuckDBValue>;
  types: Record<string, DuckDBType>;
}

const SCALARS: Readonly<Record<ScalarType, DuckDBType>> = {
  VARCHAR,
  BIGINT,
  DOUBLE,
  BOOLEAN,
  DATE,
  TIMESTAMP,
  TIMESTAMPTZ,
};

/** Turns parameters into driver values. Dates and times are read by the engine itself, so that both know one notation. */
export async function toBindings(connection: DuckDBConnection, parameters: QueryParameters): Promise<Bindings> {
  const bindings: Bindings = { values: {}, types: {} };
  for (const [name, parameter] of Object.entries(parameters)) {
    bindings.types[name] = typeOf(parameter);
    bindings.values[name] = await valueOf(connection, name, parameter);
  }
  return bindings;
}

function typeOf(parameter: QueryParameter): DuckDBType {
  switch (parameter.type) {
    case 'LIST':
      return LIST(SCALARS[parameter.of]);
    case 'STRUCT':
      return STRUCT(Object.fromEntries(Object.entries(parameter.shape).map(([name, type]) => [name, fieldType(type)])));
    default:
      return SCALARS[parameter.type];
  }
}

function fieldType(type: FieldType): DuckDBType {
  return isListType(type) ? LIST(SCALARS[memberType(type)]) : SCALARS[type];
}

function isListType(type: FieldType): type is `${ScalarType}[]` {
  return type.endsWith('[]');
}

function memberType(type: `${ScalarType}[]`): ScalarType {
  // The text without its brackets is a scalar type by the definition of the template type.
  return type.slice(0, -2) as ScalarType;
}

async function valueOf(connection: DuckDBConnection, name: string, parameter: QueryParameter): Promise<DuckDBValue> {
  switch (parameter.type) {
    case 'LIST': {
      const { value, of } = parameter;
      return value === null ? null : listValue(await scalars(connection, { name, type: of, values: value }));
    }
    case 'STRUCT': {
      const entries: Record<string, DuckDBValue> = {};
      // The driver binds a NULL without a type, on which `$filter.gt` has no meaning: a NULL STRUCT becomes one of NULLs.
      for (const field of Object.keys(parameter.shape)) {
        const inner = parameter.fields?.[field];
        entries[field] = inner === undefined ? null : await valueOf(connection, `${name}/${field}`, inner);
      }
      return structValue(entries);
    }
    default: {
      const [value] = await scalars(connection, { name, type: parameter.type, values: [parameter.value] });
      return value ?? null;
    }
  }
}

interface ScalarInput {
  name: string;
  type: ScalarType;
  values: readonly Scalar[];
}

async function scalars(connection: DuckDBConnection, input: ScalarInput): Promise<DuckDBValue[]> {
  switch (input.type) {
    case 'VARCHAR':
      return input.values.map((value) => (value === null ? null : String(value)));
    case 'BOOLEAN':
      return input.values.map((value) => (typeof value === 'string' ? value === 'true' : value));
    case 'BIGINT':
      return input.values.map((value) => (value === null ? null : toInteger(input.name, value)));
    case 'DOUBLE':
      return input.values.map((value) => (value === null ? null : Number(value)));
    default:
      return times(connection, input);
  }
}

function toInteger(name: string, value: string | number | bigint | boolean): bigint {
  try {
    const integer = BigInt(value);
    if (BigInt.asIntN(64, integer) === integer) return integer;
  } catch (cause) {
    throw refused(name, 'is not a whole number', cause);
  }
  throw refused(name, 'does not fit in 64 bits');
}

async function times(connection: DuckDBConnection, { name, type, values }: ScalarInput): Promise<DuckDBValue[]> {
  const texts = values.map((value) => (value === null ? null : String(value)));
  try {
    const reader = await connection.runAndReadAll(
      `SELECT CAST($texts AS ${type}[])`,
      { texts: listValue(texts) },
      { texts: LIST(VARCHAR) },
    );
    const list = reader.value(0, 0);
    return list !== null && typeof list === 'object' && 'items' in list ? [...list.items] : [];
  } catch (cause) {
    throw refused(name, `is not a ${type}`, cause);
  }
}

function refused(name: string, what: string, cause?: unknown): QueryFailed {
  const detail = `The parameter ${what}.`;
  return new QueryFailed(`The query cannot run: parameter ${name} ${what}.`, {
    cause,
    places: [{ pointer: `/${name}`, detail }],
  });
}
