import fc from 'fast-check';
import { quoteName, quoteText } from '../../src/platform/query-engine/statement-text.js';

type ValueType =
  'BIGINT' | 'VARCHAR' | 'DOUBLE' | 'DECIMAL(38,9)' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP' | 'BLOB' | 'VARCHAR[]';
/** A value of `AnyColumn`: decimals as their digits, times as microseconds since 1970, dates as days since 1970. */
export type AnyValue = bigint | string | number | boolean | Uint8Array | string[] | null;

export interface AnyColumn {
  name: string;
  type: ValueType;
  values: AnyValue[];
}

const DECIMAL_SCALE = 9;
const DAY_MICROSECONDS = 86_400_000_000n;
const FIRST_DAY = -719_162; // 0001-01-01
const LAST_DAY = 2_932_896; // 9999-12-31

/** What writers get wrong, beside any text at all. */
const SPECIAL_TEXT = ['', ' ', '"', '""', '\n', '\r\n', '\r', ',', ';', '\t', '=1+1', '-1', '@a', "'", '\\N', '\\', 'NULL', '😀', '\uFEFF', '\0', '[]', '{', 'e\u0301', '\u0085\u2028']; // prettier-ignore
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(...SPECIAL_TEXT),
  fc.array(fc.constantFrom(...SPECIAL_TEXT, 'a'), { maxLength: 5 }).map((parts) => parts.join('')),
);

const VALUES: Record<ValueType, fc.Arbitrary<AnyValue>> = {
  BIGINT: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  VARCHAR: text,
  DOUBLE: fc.double(),
  'DECIMAL(38,9)': fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }).map(decimalDigits),
  BOOLEAN: fc.boolean(),
  DATE: fc.integer({ min: FIRST_DAY, max: LAST_DAY }),
  TIMESTAMP: fc.bigInt({
    min: BigInt(FIRST_DAY) * DAY_MICROSECONDS,
    max: BigInt(LAST_DAY + 1) * DAY_MICROSECONDS - 1n,
  }),
  BLOB: fc.uint8Array({ maxLength: 12 }),
  'VARCHAR[]': fc.array(text, { maxLength: 3 }),
};

/** Tables of up to six columns and eight rows, of these types, named by any text. */
export function anyTable(types: readonly ValueType[] = Object.keys(VALUES) as ValueType[]): fc.Arbitrary<AnyColumn[]> {
  const name = fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
      fc.constantFrom('=a', 'a,b', 'a"b', '1', 'a;', 'a\nb'),
    )
    .filter((each) => each.trim() !== '' && !each.includes('\0'));
  const names = fc.uniqueArray(name, { minLength: 1, maxLength: 6, selector: (each) => each.toLowerCase() });
  return fc
    .tuple(names, fc.nat({ max: 8 }))
    .chain(([chosen, rows]) =>
      fc.tuple(
        ...chosen.map((each) =>
          fc
            .constantFrom(...types)
            .chain((type) =>
              fc
                .array(fc.option(VALUES[type]), { minLength: rows, maxLength: rows })
                .map((values): AnyColumn => ({ name: each, type, values })),
            ),
        ),
      ),
    );
}

/** A SELECT of the table's rows in their order. */
export function selectOf(columns: readonly AnyColumn[]): string {
  const rows = columns[0]?.values.length ?? 0;
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  if (rows === 0)
    return `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS ${quoteName(name)}`).join(', ')} LIMIT 0`;
  const tuples = Array.from(
    { length: rows },
    (_, row) => `(${columns.map(({ type, values }) => literal(type, values[row]!)).join(', ')})`,
  );
  return `SELECT * FROM (VALUES ${tuples.join(', ')}) AS t(${names})`;
}

/** Days since 1970 as `YYYY-MM-DD`. */
export const dateText = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10);

/** Microseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.ffffff`. */
export function timestampText(microseconds: bigint): string {
  const inSecond = ((microseconds % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = Number((microseconds - inSecond) / 1_000_000n);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(inSecond).padStart(6, '0')}`;
}

function literal(type: ValueType, value: AnyValue): string {
  return value === null ? `NULL::${type}` : `${plainLiteral(type, value)}::${type}`;
}

function plainLiteral(type: ValueType, value: NonNullable<AnyValue>): string {
  if (Array.isArray(value)) return `[${value.map(textLiteral).join(', ')}]`;
  if (value instanceof Uint8Array) return `unhex('${Buffer.from(value).toString('hex')}')`;
  if (type === 'DATE') return `(DATE '1970-01-01' + ${String(value)})`;
  if (type === 'TIMESTAMP') return `make_timestamp(${String(value)})`;
  if (typeof value === 'number') return `'${Object.is(value, -0) ? '-0.0' : String(value)}'`;
  return type === 'VARCHAR' ? textLiteral(String(value)) : quoteText(String(value));
}

/** SQL is text without NUL. */
const textLiteral = (value: string): string => `(${value.split('\0').map(quoteText).join(' || chr(0) || ')})`;

function decimalDigits(unscaled: bigint): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(DECIMAL_SCALE + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -DECIMAL_SCALE)}.${digits.slice(-DECIMAL_SCALE)}`;
}
