import type { ErrorPlace } from '../../common/errors.js';
import { readDateTime, readInstant } from '../../common/instants.js';
import { RANGE_KEYS, type FilterType, type RangeKey } from './parameter-spec.js';

type Bounds = Partial<Record<RangeKey, string | number>>;

/** Rules of a range that a JSON Schema cannot say. The bounds are valid each for itself; `pointer` is the range's own. */
export function rangeProblems(bounds: Bounds, of: FilterType, pointer: string): ErrorPlace[] {
  for (const [open, closed] of [['$gt', '$gte'] as const, ['$lt', '$lte'] as const]) {
    if (bounds[open] !== undefined && bounds[closed] !== undefined) {
      return [{ pointer, detail: `cannot have both ${open} and ${closed}` }];
    }
  }
  const [lowerKey, upperKey] = [presentKey(bounds, '$gt', '$gte'), presentKey(bounds, '$lt', '$lte')];
  if (lowerKey === undefined || upperKey === undefined) return [];
  const [lower, upper] = [comparable(bounds[lowerKey], of), comparable(bounds[upperKey], of)];
  const isEmpty = lower > upper || (lower === upper && (lowerKey === '$gt' || upperKey === '$lt'));
  if (!isEmpty && !isGapBetweenIntegers(bounds, of)) return [];
  const wording = `${lowerKey} ${String(bounds[lowerKey])} and ${upperKey} ${String(bounds[upperKey])}`;
  return [{ pointer, detail: `no value can match: it must be ${wording}` }];
}

/** `gt` is accepted for `$gt` and so on. A key given in both spellings stays, and is reported by `doubledKeys`. */
export function withDollarKeys(range: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(range).map(([key, value]) => {
      const dollar = `$${key}`;
      return isRangeKey(dollar) && !(dollar in range) ? [dollar, value] : [key, value];
    }),
  );
}

/** Keys given as `gt` and as `$gt` at once. */
export function doubledKeys(range: Readonly<Record<string, unknown>>): RangeKey[] {
  return RANGE_KEYS.filter((key) => key in range && key.slice(1) in range);
}

function isRangeKey(key: string): key is RangeKey {
  return RANGE_KEYS.some((known) => known === key);
}

function presentKey(bounds: Bounds, ...keys: RangeKey[]): RangeKey | undefined {
  return keys.find((key) => bounds[key] !== undefined);
}

/** No integer lies between 4 and 5 when both are excluded. */
function isGapBetweenIntegers(bounds: Bounds, of: FilterType): boolean {
  if (of !== 'integer' || bounds.$gt === undefined || bounds.$lt === undefined) return false;
  return BigInt(String(bounds.$gt)) + 1n === BigInt(String(bounds.$lt));
}

/** A form of a valid bound that orders as its values do. Texts are compared as the engine does: by their UTF-8 bytes. */
function comparable(value: string | number | undefined, of: FilterType): string | number | bigint {
  switch (of) {
    case 'integer':
      return BigInt(String(value));
    case 'number':
      return Number(value);
    case 'date':
      return readInstant(String(value)) ?? '';
    case 'date-time':
      return readDateTime(String(value)) ?? '';
    case 'string':
      return Buffer.from(String(value)).toString('hex');
  }
}
