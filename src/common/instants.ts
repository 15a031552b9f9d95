const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const DATE_TIME =
  /^(?<date>\d{4}-\d{2}-\d{2})[Tt](?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})(?:\.(?<fraction>\d{1,9}))?(?<zone>[Zz]|[+-]\d{2}:\d{2})$/;

/** An instant in UTC as the query engine reads it (`2021-02-28 00:00:00.000000`): such texts order as the instants do. */
export type UtcText = string;

/**
 * Reads `1990`, `1990-05`, `1990-05-17` (each standing for its first instant in UTC) or an RFC 3339 date-time. `null` when
 * the text is none of these or names a day or time that does not exist. Fractions are cut to microseconds.
 */
export function readInstant(text: string): UtcText | null {
  return readDate(text) ?? readDateTime(text);
}

/** Reads an RFC 3339 date-time, or `null`. */
export function readDateTime(text: string): UtcText | null {
  const parts = DATE_TIME.exec(text)?.groups;
  if (parts?.['date'] === undefined || readDate(parts['date']) === null) return null;
  const { date, hour, minute, second, fraction = '', zone = 'Z' } = parts;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const offset = offsetMinutes(zone);
  if (offset === null) return null;
  const instant = new Date(Date.parse(`${date}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`) - offset * 60_000);
  const year = instant.getUTCFullYear();
  // An offset can lead out of the years that have four digits.
  if (year < 1 || year > 9999) return null;
  return `${utcSeconds(instant)}.${fraction.slice(0, 6).padEnd(6, '0')}`;
}

/** Reads a whole calendar day as `YYYY-MM-DD`, or `null`. */
export function readDay(text: string): string | null {
  return text.length === 10 && readDate(text) !== null ? text : null;
}

function readDate(text: string): UtcText | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const [, year = '', month = '01', day = '01'] = match;
  const instant = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // A day past the end of its month would roll over into the next one.
  const isReal = !Number.isNaN(instant.getTime()) && instant.getUTCDate() === Number(day) && year !== '0000';
  return isReal ? `${utcSeconds(instant)}.000000` : null;
}

function offsetMinutes(zone: string): number | null {
  if (zone === 'Z' || zone === 'z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function utcSeconds(instant: Date): string {
  return instant.toISOString().slice(0, 19).replace('T', ' ');
}
