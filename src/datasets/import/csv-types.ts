import { quoteName } from '../../platform/query-engine/statement-text.js';

/** A type that a column of text may become: `fits` tells it for a sample here, `check` for all rows in the engine. */
interface Candidate {
  type: string;
  fits: RegExp;
  check: (column: string) => string;
}

/** The value comes back from the type as the very text it was. */
const roundTrip = (type: string) => (column: string) => `CAST(TRY_CAST(${column} AS ${type}) AS VARCHAR) = ${column}`;
const matches = (pattern: RegExp, type: string) => (column: string) =>
  `regexp_full_match(${column}, '${pattern.source.slice(1, -1)}') AND TRY_CAST(${column} AS ${type}) IS NOT NULL`;

const DECIMAL = /^(?:(?:0|-?[1-9]\d*)(?:\.\d+)?|-0\.\d*[1-9]\d*)$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?$/;
const INSTANT = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?: ?UTC|Z|[+-]\d\d(?::?\d\d)?)$/;

/**
 * Types from the narrowest to the widest. A column takes one only if every value of the whole file fits, so that no value
 * is changed: `007`, `+1` and numbers beyond 64 bits stay text. A double holds 15 significant digits of any decimal.
 */
const CANDIDATES: readonly Candidate[] = [
  { type: 'BOOLEAN', fits: /^(?:true|false)$/, check: (column) => `${column} IN ('true', 'false')` },
  { type: 'BIGINT', fits: /^(?:0|-?[1-9]\d{0,18})$/, check: roundTrip('BIGINT') },
  {
    type: 'DOUBLE',
    fits: DECIMAL,
    check: (column) =>
      `regexp_full_match(${column}, '${DECIMAL.source.slice(1, -1)}')
       AND length(ltrim(translate(${column}, '-.', ''), '0')) <= 15`,
  },
  { type: 'DATE', fits: /^\d{4}-\d\d-\d\d$/, check: roundTrip('DATE') },
  { type: 'TIME', fits: /^\d\d:\d\d:\d\d$/, check: roundTrip('TIME') },
  { type: 'TIMESTAMP', fits: DATE_TIME, check: matches(DATE_TIME, 'TIMESTAMP') },
  { type: 'TIMESTAMPTZ', fits: INSTANT, check: matches(INSTANT, 'TIMESTAMPTZ') },
];
const TEXT = 'VARCHAR';

/** Runs one row of expressions over the whole file and returns their values in order. */
export type CheckAll = (expressions: readonly string[]) => Promise<readonly unknown[]>;

/**
 * The type of each column: the narrowest that fits the sample and then all rows. A column that fits only the sample is
 * tried with its next candidate in another pass, which is rare.
 */
export async function inferTypes(
  names: readonly string[],
  sample: readonly Record<string, unknown>[],
  checkAll: CheckAll,
): Promise<string[]> {
  const open = new Map(names.map((name, index) => [index, candidatesOf(sample.map((row) => row[name]))]));
  const types = names.map(() => TEXT);
  while (open.size > 0) {
    const tried = [...open].flatMap(([index, candidates]) => {
      const [candidate, ...others] = candidates;
      return candidate === undefined ? [] : [{ index, candidate, others }];
    });
    open.clear();
    if (tried.length === 0) break;
    const answers = await checkAll(
      tried.map(({ index, candidate }) => allFit(quoteName(names[index] ?? ''), candidate)),
    );
    tried.forEach(({ index, candidate, others }, position) => {
      // NULL: the column has no value at all, and stays text.
      if (answers[position] === true) types[index] = candidate.type;
      else if (answers[position] === false) open.set(index, others);
    });
  }
  return types;
}

function candidatesOf(values: readonly unknown[]): Candidate[] {
  const texts = values.filter((value) => typeof value === 'string');
  return CANDIDATES.filter(({ fits }) => texts.every((text) => fits.test(text)));
}

function allFit(column: string, { check }: Candidate): string {
  return `bool_and(CASE WHEN ${column} IS NOT NULL THEN coalesce(${check(column)}, false) END)`;
}

const OVERRIDE =
  /^(?:VARCHAR|TEXT|TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|FLOAT|DOUBLE|DECIMAL\(\d{1,2}, ?\d{1,2}\)|BOOLEAN|DATE|TIME|TIMESTAMP|TIMESTAMPTZ|UUID|JSON)(?:\[\])?$/i;

/** Whether a client may ask for the type. It becomes part of SQL text: nothing else gets there. */
export const isOverride = (type: string): boolean => OVERRIDE.test(type);
export const OVERRIDES =
  'VARCHAR, BIGINT, INTEGER, SMALLINT, TINYINT, HUGEINT, DOUBLE, FLOAT, DECIMAL(p, s), BOOLEAN, DATE, TIME, TIMESTAMP, ' +
  'TIMESTAMPTZ, UUID, JSON, or a list of one of them (VARCHAR[])';
