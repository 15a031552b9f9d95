/** Kinds of JSON values that a column holds, as bits of one number. */
export const Kind = {
  Null: 1,
  Boolean: 2,
  /** An integer that a double holds exactly. */
  Integer: 4,
  /** An integer beyond 2^53 that 64 bits hold. */
  Long: 8,
  /** An integer of at most 38 digits that 64 bits do not hold. */
  Huge: 16,
  /** A number that no type of the engine holds exactly. */
  Vast: 32,
  /** A number with a fraction or an exponent that a double shows with the same digits. */
  Fraction: 64,
  Text: 128,
  Object: 256,
  Array: 512,
} as const;

const NUMBERS = Kind.Integer | Kind.Long | Kind.Huge | Kind.Fraction;

/** What the records of pages have shown of one column: `fields` are those of its objects when they are looked into. */
export interface ColumnKinds {
  name: string;
  kinds: number;
  fields: ColumnKinds[];
}

/** Adds what other records have shown; columns keep the place at which they were seen first. */
export function addKinds(known: ColumnKinds[], seen: readonly ColumnKinds[]): void {
  const byName = new Map(known.map((column) => [column.name, column]));
  for (const { name, kinds, fields } of seen) {
    let column = byName.get(name);
    if (column === undefined) {
      column = { name, kinds: 0, fields: [] };
      known.push(column);
      byName.set(name, column);
    }
    column.kinds |= kinds;
    if (fields.length > 0) addKinds(column.fields, fields);
  }
}

/** What of `seen` is not in `known` yet: all that has to be kept of a page whose columns are like those before. */
export function newKinds(known: readonly ColumnKinds[], seen: readonly ColumnKinds[]): ColumnKinds[] {
  const byName = new Map(known.map((column) => [column.name, column]));
  return seen.flatMap((column) => {
    const before = byName.get(column.name);
    if (before === undefined) return [column];
    const fields = newKinds(before.fields, column.fields);
    const isKnown = (before.kinds | column.kinds) === before.kinds && fields.length === 0;
    return isKnown ? [] : [{ name: column.name, kinds: column.kinds, fields }];
  });
}

/**
 * The SQL type that holds every value of these kinds unchanged. Texts are not looked into; values of several kinds become
 * the text that stands in the JSON.
 */
export function typeOf(kinds: number): string {
  const values = kinds & ~Kind.Null;
  if (values === Kind.Boolean) return 'BOOLEAN';
  if (values !== 0 && (values & ~(Kind.Object | Kind.Array)) === 0) return 'JSON';
  if (values === 0 || (values & ~NUMBERS) !== 0) return 'VARCHAR';
  if ((values & Kind.Fraction) === 0) return (values & Kind.Huge) === 0 ? 'BIGINT' : 'HUGEINT';
  return (values & (Kind.Long | Kind.Huge)) === 0 ? 'DOUBLE' : 'VARCHAR';
}

/** The kind of a number by its text, which the grammar of JSON allows. */
export function numberKind(text: string): number {
  if (/[.eE]/.test(text)) return isExactDouble(text) ? Kind.Fraction : Kind.Vast;
  const digits = text.startsWith('-') ? text.length - 1 : text.length;
  if (digits < 16) return Kind.Integer;
  if (digits > 38) return Kind.Vast;
  const value = BigInt(text);
  if (value >= -MAX_IN_DOUBLE && value <= MAX_IN_DOUBLE) return Kind.Integer;
  return BigInt.asIntN(64, value) === value ? Kind.Long : Kind.Huge;
}

/** Seventeen digits tell any two doubles apart; more of them would be lost. */
export const MAX_DIGITS = 17;
const MAX_IN_DOUBLE = 2n ** 53n;

function isExactDouble(text: string): boolean {
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '');
  const value = Number(text);
  const isInReach = Number.isFinite(value) && (value !== 0 || digits === '');
  return digits.length <= MAX_DIGITS && isInReach;
}
