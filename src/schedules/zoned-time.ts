const formats = new Map<string, Intl.DateTimeFormat>();
const DAY_MS = 86_400_000;

/** What clocks on the wall of a zone show, as the milliseconds that UTC would have at that reading. */
export type WallTime = number;

/** What the clocks of an IANA zone show at an instant. */
export function wallOf(instant: Date, zone: string): WallTime {
  const parts = formatOf(zone).formatToParts(instant);
  const read = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((part) => part.type === type)?.value);
  const seconds = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'));
  return seconds + milliseconds(instant.getTime());
}

/**
 * The instant at which the clocks of a zone show a reading. Of a reading that comes twice the first, or the one with the offset that
 * is wanted; one in a gap is as far behind the end of the gap as the clocks were to show after its begin.
 */
export function instantOf(wall: WallTime, zone: string, wantedOffset?: number): Date {
  // No transition is longer than a day: these are the offsets before and after any that is near.
  const offsets = [wall - DAY_MS, wall + DAY_MS].map((near) => offsetAt(new Date(near), zone));
  const [before = 0] = offsets;
  const candidates = offsets.map((offset) => new Date(wall - offset)).filter((one) => wallOf(one, zone) === wall);
  const wanted = candidates.find((one) => offsetAt(one, zone) === wantedOffset);
  return wanted ?? candidates[0] ?? new Date(wall - before);
}

/** By how much the clocks of a zone are ahead of UTC, in milliseconds. */
export function offsetAt(instant: Date, zone: string): number {
  return wallOf(instant, zone) - instant.getTime();
}

const milliseconds = (time: number): number => ((time % 1000) + 1000) % 1000;

/** Making one is slow. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const two = '2-digit';
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, hourCycle: 'h23', calendar: 'iso8601', numberingSystem: 'latn' },
    ...{ year: 'numeric', month: two, day: two, hour: two, minute: two, second: two },
  });
  formats.set(timeZone, format);
  return format;
}
