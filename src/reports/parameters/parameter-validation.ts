import { pointerTo } from '../../common/json-pointer.js';
import { createHash } from 'node:crypto';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { z } from 'zod';
import { ValidationFailed, type ErrorPlace } from '../../common/errors.js';
import { isObject } from '../../common/is-object.js';
import type { Definition } from '../definition.js';
import { readDateTime, readDay, readInstant } from '../../common/instants.js';
import { describeErrors } from './parameter-errors.js';
import { doubledKeys, rangeProblems, withDollarKeys } from './parameter-range.js';
import { PARTIAL_DATE, parameterSchema } from './parameter-schema.js';
import type { ParameterSpec } from './parameter-spec.js';

/** Valid parameters in their normal form: `$` spelling, defaults filled in. JSON-serialisable. */
export type ParameterValues = Readonly<Record<string, JsonValue>>;
export type JsonValue = z.core.util.JSONType;

type Validator = ValidateFunction<Record<string, JsonValue>>;

const CACHE_SIZE = 200;
/** By digest of the parameters, not by name: owners may use one name for different definitions. */
const validators = new Map<string, Validator>();

/** Checks the parameters of a request. Throws `ValidationFailed` with one JSON Pointer per bad field. */
export function validateParameters(
  definition: Pick<Definition, 'name' | 'parameters'>,
  body: unknown,
): ParameterValues {
  const { values, problems } = normalise(definition.parameters, body);
  const validate = validatorFor(definition.parameters);
  const isValid = validate(values);
  const shape = [...problems, ...describeErrors(validate.errors ?? [], definition)];
  const all = onePerPointer([...shape, ...semanticProblems(definition.parameters, values, shape)]);
  if (isValid && all.length === 0) return values;
  throw new ValidationFailed('The request has fields that cannot be used.', { places: all });
}

function validatorFor(parameters: Definition['parameters']): Validator {
  const key = createHash('sha256').update(JSON.stringify(parameters)).digest('base64');
  const known = validators.get(key);
  if (known !== undefined) return known;
  // Every validator has its own Ajv: one Ajv for all would keep each schema it ever compiled.
  const validate = createAjv().compile<Record<string, JsonValue>>(parameterSchema(parameters));
  const [oldest] = validators.keys();
  if (validators.size >= CACHE_SIZE && oldest !== undefined) validators.delete(oldest);
  validators.set(key, validate);
  return validate;
}

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, useDefaults: true, verbose: true, allowUnionTypes: true });
  ajv.addFormat(PARTIAL_DATE, (text: string) => readInstant(text) !== null);
  // ajv-formats lets leap seconds and blanks for the "T" pass, which the engine does not read.
  ajv.addFormat('date', (text: string) => readDay(text) !== null);
  ajv.addFormat('date-time', (text: string) => readDateTime(text) !== null);
  return ajv;
}

/** A copy that the validator may fill with defaults, its ranges in `$` spelling, and what was given in both spellings. */
function normalise(parameters: Definition['parameters'], body: unknown): { values: unknown; problems: ErrorPlace[] } {
  if (!isObject(body)) return { values: body, problems: [] };
  const problems: ErrorPlace[] = [];
  const entries = Object.entries(body).map(([name, value]): [string, unknown] => {
    if (!isRange(parameters[name]) || !isObject(value)) return [name, structuredClone(value)];
    for (const key of doubledKeys(value)) {
      problems.push({ pointer: pointerTo(name, key.slice(1)), detail: `is given as ${key} too` });
    }
    return [name, withDollarKeys(value)];
  });
  return { values: Object.fromEntries(entries), problems };
}

/** What a schema cannot say, for the parameters that have no problem of shape. */
function semanticProblems(
  parameters: Definition['parameters'],
  values: unknown,
  shape: readonly ErrorPlace[],
): ErrorPlace[] {
  if (!isObject(values)) return [];
  return Object.entries(parameters).flatMap(([name, spec]) => {
    const value = values[name];
    const pointer = pointerTo(name);
    if (!('x-type' in spec) || !isObject(value) || shape.some((place) => isWithin(place, pointer))) return [];
    const tooBig = spec.of === 'integer' ? sixtyFourBitProblems(value, pointer) : [];
    if (tooBig.length > 0 || spec['x-type'] === 'set') return tooBig;
    return rangeProblems(value, spec.of, pointer);
  });
}

function isWithin(place: ErrorPlace, pointer: string): boolean {
  return place.pointer === pointer || place.pointer?.startsWith(`${pointer}/`) === true;
}

/** Nineteen digits can be more than a 64-bit integer holds. */
function sixtyFourBitProblems(value: unknown, pointer: string): ErrorPlace[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => sixtyFourBitProblems(inner, `${pointer}/${key}`));
  }
  const integer = BigInt(String(value));
  return BigInt.asIntN(64, integer) === integer ? [] : [{ pointer, detail: 'does not fit in a 64-bit integer' }];
}

function onePerPointer(problems: readonly ErrorPlace[]): ErrorPlace[] {
  const seen = new Set<string>();
  return problems.filter(({ pointer = '' }) => !seen.has(pointer) && seen.add(pointer));
}

function isRange(spec: ParameterSpec | undefined): boolean {
  return spec !== undefined && 'x-type' in spec && spec['x-type'] === 'range';
}
