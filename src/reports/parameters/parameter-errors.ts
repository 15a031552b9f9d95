import { pointerTo } from '../../common/json-pointer.js';
import type { ErrorObject } from 'ajv';
import type { ErrorPlace } from '../../common/errors.js';
import { isObject } from '../../common/is-object.js';
import type { Definition } from '../definition.js';
import { DIGITS, PARTIAL_DATE } from './parameter-schema.js';

type Subject = Pick<Definition, 'name' | 'parameters'>;

const FORMATS: Readonly<Record<string, string>> = {
  date: 'must be a day that exists, as YYYY-MM-DD',
  'date-time': 'must be an RFC 3339 date-time with an offset, for example 2023-01-25T18:13:22Z',
  [PARTIAL_DATE]: 'must be a year, month or day that exists (1990, 1990-05, 1990-05-17) or an RFC 3339 date-time',
};

/** Turns the validator's errors into places that name the field and what it must be. */
export function describeErrors(errors: readonly ErrorObject[], subject: Subject): ErrorPlace[] {
  return errors.map((error) => {
    const missing = fieldOf(error, 'missingProperty');
    if (missing !== null) return { pointer: below(error, missing), detail: 'is required' };
    const unknown = fieldOf(error, 'additionalProperty');
    if (unknown !== null) return { pointer: below(error, unknown), detail: describeUnknown(error, unknown, subject) };
    return { pointer: error.instancePath, detail: describe(error) };
  });
}

function describe(error: ErrorObject): string {
  // Ajv types its parameters loosely; each is read as the keyword's documentation says.
  const parameters = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'format':
      return FORMATS[String(parameters['format'])] ?? 'has the wrong format';
    case 'enum':
      return `must be one of ${JSON.stringify(parameters['allowedValues']).slice(1, -1).replaceAll(',', ', ')}`;
    case 'pattern':
      return parameters['pattern'] === DIGITS ? 'must be an integer or a string of its digits' : 'has the wrong form';
    case 'minProperties':
      return `must have at least one of ${propertiesOf(error).join(', ')}`;
    case 'type':
      return `must be ${[parameters['type']].flat().join(' or ').replace('integer or string', 'an integer or a string of its digits')}`;
    case 'maximum':
    case 'minimum':
      return isSafeBound(parameters['limit']) ? 'is beyond 2^53, where a JSON number loses digits' : text(error);
    default:
      return text(error);
  }
}

function text(error: ErrorObject): string {
  return error.message ?? 'is not valid';
}

function isSafeBound(limit: unknown): boolean {
  return limit === Number.MAX_SAFE_INTEGER || limit === Number.MIN_SAFE_INTEGER;
}

function describeUnknown(error: ErrorObject, field: string, subject: Subject): string {
  const known = propertiesOf(error);
  const nearest = known.find((name) => isNear(field, name));
  const hint = nearest === undefined ? `known are: ${known.join(', ') || 'none'}` : `did you mean ${nearest}?`;
  return error.instancePath === '' ? `is no parameter of ${subject.name}; ${hint}` : `is not known here; ${hint}`;
}

/** Near is at most two edits, or a third of a short name. */
function isNear(given: string, known: string): boolean {
  const [left, right] = [given.toLowerCase().slice(0, 64), known.toLowerCase()];
  return editDistance(left, right) <= Math.min(2, Math.ceil(right.length / 3));
}

/** Levenshtein distance. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [row, character] of Array.from(left).entries()) {
    const current = [row + 1];
    for (const [column, other] of Array.from(right).entries()) {
      const replaced = (previous[column] ?? 0) + (character === other ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

function below(error: ErrorObject, field: string): string {
  return error.instancePath + pointerTo(field);
}

function fieldOf(error: ErrorObject, key: 'missingProperty' | 'additionalProperty'): string | null {
  const field: unknown = error.params[key];
  return typeof field === 'string' ? field : null;
}

function propertiesOf({ parentSchema }: ErrorObject): string[] {
  const properties: unknown = parentSchema?.['properties'];
  return isObject(properties) ? Object.keys(properties) : [];
}
