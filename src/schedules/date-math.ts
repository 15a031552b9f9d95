import { assertNever } from '../common/assert-never.js';
import { instantOf, offsetAt, wallOf } from './zoned-time.js';

/** `now`, then steps: `+2d`, `-1M`, `/d`. */
const EXPRESSION = /^now((?:[+-]\d{1,6}[yMwdhms]|\/[yMwdhms])*)$/;
const STEP = /([+-]\d{1,6}|\/)([yMwdhms])/g;
const ELAPSED_MS = { h: 3_600_000, m: 60_000, s: 1000 } as const;
const DAY_MS = 86_400_000;
const DAYS_PER_WEEK = 7;
const FIRST_YEAR = 1000;
const LAST_YEAR = 9999;

type Unit = 'y' | 'M' | 'w' | 'd' | 'h' | 'm' | 's';

/** Whether a text is a relative date, to its last character. */
export const isDateMath = (text: string): boolean => EXPRESSION.test(text);

/**
 * The instant that a relative date names (Elasticsearch's date math: units y M w d h m s, steps from left to right, `/unit` rounds down,
 * weeks begin on Monday). Years to days are those of the calendar and keep the time on the wall of the zone, a day that a month lacks
 * being its last one; hours to seconds are elapsed time. Null if the text is no relative date or leads out of the years 1000 to 9999.
 */
export function resolveDateMath(text: string, now: Date, zone: string): Date | null {
  const steps = EXPRESSION.exec(text)?.[1];
  if (steps === undefined) return null;
  let instant = now;
  for (const [, operation = '', letter = ''] of steps.matchAll(STEP)) {
    // The expression has no other letters.
    const unit = letter as Unit;
    instant = operation === '/' ? roundDown(instant, unit, zone) : add(instant, Number(operation), { unit, zone });
    const year = instant.getUTCFullYear();
    // Also false for an instant that JavaScript has no number for.
    if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) return null;
  }
  return instant;
}

function add(instant: Date, count: number, { unit, zone }: { unit: Unit; zone: string }): Date {
  switch (unit) {
    case 'h':
    case 'm':
    case 's':
      return new Date(instant.getTime() + count * ELAPSED_MS[unit]);
    case 'y':
      return moveWall(instant, zone, (wall) => addMonths(wall, 12 * count));
    case 'M':
      return moveWall(instant, zone, (wall) => addMonths(wall, count));
    case 'w':
      return moveWall(instant, zone, (wall) => wall + count * DAYS_PER_WEEK * DAY_MS);
    case 'd':
      return moveWall(instant, zone, (wall) => wall + count * DAY_MS);
    default:
      return assertNever(unit);
  }
}

function roundDown(instant: Date, unit: Unit, zone: string): Date {
  switch (unit) {
    case 'h':
    case 'm':
    case 's': {
      const wall = wallOf(instant, zone);
      // Within the hour nothing but the fraction goes: of a doubled hour the same one stays.
      return new Date(instant.getTime() - floorMod(wall, ELAPSED_MS[unit]));
    }
    case 'y':
      return beginOf(instant, zone, (day) => Date.UTC(day.getUTCFullYear(), 0));
    case 'M':
      return beginOf(instant, zone, (day) => Date.UTC(day.getUTCFullYear(), day.getUTCMonth()));
    case 'w':
      return beginOf(instant, zone, (day) => midnight(day) - ((day.getUTCDay() + 6) % DAYS_PER_WEEK) * DAY_MS);
    case 'd':
      return beginOf(instant, zone, midnight);
    default:
      return assertNever(unit);
  }
}

/** Of a time that comes twice, the one on the side of the change that the instant itself is on. */
function moveWall(instant: Date, zone: string, move: (wall: number) => number): Date {
  const wall = move(wallOf(instant, zone));
  return Number.isNaN(new Date(wall).getTime()) ? new Date(NaN) : instantOf(wall, zone, offsetAt(instant, zone));
}

function beginOf(instant: Date, zone: string, begin: (day: Date) => number): Date {
  return instantOf(begin(new Date(wallOf(instant, zone))), zone);
}

const midnight = (day: Date): number => day.getTime() - floorMod(day.getTime(), DAY_MS);

const floorMod = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor;

function addMonths(wall: number, months: number): number {
  const from = new Date(wall);
  const first = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months);
  const target = new Date(first);
  const days = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  return first + (Math.min(from.getUTCDate(), days) - 1) * DAY_MS + (wall - midnight(from));
}
