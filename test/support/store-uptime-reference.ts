/**
 * store-uptime by its definition, point by point and slowly, to compare the SQL with. Instants are microseconds since 1970
 * in UTC: whole numbers below 2^53, so that a JavaScript number is exact.
 */
export interface Poll {
  at: number;
  isUp: boolean;
}

/** Microseconds of the local day; `day` 0 is Monday. `end <= start` ends on the next day. */
export interface Interval {
  day: number;
  start: number;
  end: number;
}

export interface Store {
  id: string;
  /** As written in the data: maybe unknown, maybe none. */
  zone: string | null;
  hours: readonly Interval[];
  polls: readonly Poll[];
}

export interface Uptime {
  up: number;
  down: number;
}

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
export const WINDOWS = { hour: HOUR, day: DAY, week: 7 * DAY } as const;

export class ReferenceStore {
  private readonly zone: string;
  private readonly counted: readonly Poll[];

  constructor(
    private readonly store: Store,
    inHoursOnly: boolean,
  ) {
    this.zone = isZone(store.zone) ? store.zone : 'America/Chicago';
    this.counted = store.polls.filter(({ at }) => !inHoursOnly || this.isOpen(at));
  }

  get pollsCounted(): number {
    return this.counted.length;
  }

  uptime(from: number, to: number): Uptime {
    const total = { up: 0, down: 0 };
    if (this.counted.length === 0) return total;
    const edges = [...this.edges(from, to)].filter((edge) => edge > from && edge < to).sort((a, b) => a - b);
    let previous = from;
    for (const edge of [...edges, to]) {
      if (this.isOpen(previous)) total[this.isUp(previous) ? 'up' : 'down'] += edge - previous;
      previous = edge;
    }
    return total;
  }

  private isOpen(at: number): boolean {
    const { hours } = this.store;
    if (hours.length === 0) return true;
    const local = at + offsetAt(this.zone, at);
    const time = local % DAY;
    const today = (Math.floor(local / DAY) + 3) % 7;
    const yesterday = (today + 6) % 7;
    return hours.some(({ day, start, end }) => {
      if (end > start) return day === today && time >= start && time < end;
      return (day === today && time >= start) || (day === yesterday && time < end);
    });
  }

  private isUp(at: number): boolean {
    const first = Math.min(...this.counted.map((poll) => poll.at));
    const latest = Math.max(first, ...this.counted.map((poll) => poll.at).filter((polled) => polled <= at));
    return this.counted.filter((poll) => poll.at === latest).every((poll) => poll.isUp);
  }

  /** Every instant at which the store may open, close or change its state. */
  private *edges(from: number, to: number): Iterable<number> {
    for (const poll of this.counted) yield poll.at;
    const times = [0, ...this.store.hours.flatMap(({ start, end }) => [start, end])];
    const offsets = new Set<number>();
    for (let at = from - 2 * DAY; at <= to + 2 * DAY; at += HOUR) {
      const offset = offsetAt(this.zone, at);
      offsets.add(offset);
      if (offset !== offsetAt(this.zone, at + HOUR)) yield transition(this.zone, at, at + HOUR);
    }
    for (let midnight = Math.floor(from / DAY - 2) * DAY; midnight <= to + 2 * DAY; midnight += DAY) {
      for (const time of times) for (const offset of offsets) yield midnight + time - offset;
    }
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();
const offsetsBySecond = new Map<string, number>();

function offsetAt(zone: string, at: number): number {
  const seconds = Math.floor(at / SECOND);
  const key = `${zone} ${String(seconds)}`;
  const known = offsetsBySecond.get(key);
  if (known !== undefined) return known;
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(seconds * 1000)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  const offset = (Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds) * SECOND;
  offsetsBySecond.set(key, offset);
  return offset;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

/** The first instant of the new offset, by halving. */
function transition(zone: string, from: number, to: number): number {
  let [low, high] = [Math.floor(from / SECOND), Math.ceil(to / SECOND)];
  const before = offsetAt(zone, low * SECOND);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle * SECOND) === before) low = middle;
    else high = middle;
  }
  return high * SECOND;
}

function isZone(zone: string | null): zone is string {
  if (zone === null) return false;
  try {
    formatOf(zone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
