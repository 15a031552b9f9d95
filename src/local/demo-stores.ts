import { inChunks, SeededRandom } from './demo-random.js';

export interface StoreDataOptions {
  stores: number;
  /** Rows of store_status, spread evenly over the stores. */
  polls: number;
  /** Newest possible poll. */
  endsAt: Date;
  /** Days that the polls reach back from `endsAt`. */
  days: number;
}

const DAY_MS = 86_400_000;
const FIRST_ID = 1_000_000_000_000_000_000n;
const ID_STEP = 7_919_191_919_191_919n;
const ID_SPACE = 8_000_000_000_000_000_000n;

const ZONES: readonly [string, ...string[]] = [
  'America/New_York',
  'America/New_York',
  'America/Chicago',
  'America/Chicago',
  'America/Denver',
  'America/Los_Angeles',
  'America/Phoenix',
  'America/Halifax',
  'Europe/Berlin',
  'Asia/Kathmandu',
];
type Hours = readonly [start: string, end: string];
type Day = readonly Hours[];
/** What a store may keep on a weekday: a day, to midnight as some systems write it, a break, over midnight. */
const OPEN_DAYS: readonly [Day, ...Day[]] = [
  [['09:00:00', '21:00:00']],
  [['10:00:00', '22:30:00']],
  [['08:00:00', '23:59:59']],
  [
    ['11:00:00', '14:30:00'],
    ['17:00:00', '22:00:00'],
  ],
  [['18:00:00', '02:00:00']],
];
const SHUT: Day = [];

/** Ids are beyond 2^53, where a JavaScript number would lose digits. */
export function storeId(index: number): string {
  return String(FIRST_ID + ((BigInt(index) * ID_STEP) % ID_SPACE));
}

/** Polls as CSV chunks: about one an hour and store, in no order within the hour, with outages of a few hours. */
export function storeStatus(options: StoreDataOptions): Iterable<string> {
  return inChunks(pollLines(options));
}

/** Business hours as CSV chunks. Every ninth store has none. */
export function businessHours({ stores }: StoreDataOptions): Iterable<string> {
  return inChunks(hoursLines(stores));
}

/** Time zones as CSV chunks. Every seventeenth store has none. */
export function timezones({ stores }: StoreDataOptions): Iterable<string> {
  return inChunks(zoneLines(stores));
}

function* pollLines({ stores, polls, endsAt, days }: StoreDataOptions): Iterable<string> {
  yield 'store_id,status,timestamp_utc';
  const random = new SeededRandom(stores, polls);
  const ids = Array.from({ length: stores }, (_, index) => storeId(index));
  const rounds = Math.ceil(polls / stores);
  const spacing = (days * DAY_MS) / rounds;
  for (let row = 0; row < polls; row += 1) {
    const store = row % stores;
    const round = Math.floor(row / stores);
    const at = endsAt.getTime() - Math.floor((rounds - round - random.next()) * spacing);
    const micros = String(random.below(1000)).padStart(3, '0');
    const time = new Date(at).toISOString().slice(0, -1).replace('T', ' ');
    yield `${ids[store] ?? ''},${isUp(store, round) ? 'active' : 'inactive'},${time}${micros} UTC`;
  }
}

/** The same for a few rounds in a row, so that an outage lasts hours and not one poll. */
function isUp(store: number, round: number): boolean {
  return !new SeededRandom(store, Math.floor(round / 4)).chance(0.06);
}

function* hoursLines(stores: number): Iterable<string> {
  yield 'store_id,day,start_time_local,end_time_local';
  for (let store = 0; store < stores; store += 1) {
    if (store % 9 === 8) continue;
    const random = new SeededRandom(store, 2);
    const usual = random.pick(OPEN_DAYS);
    for (let day = 0; day < 7; day += 1) {
      const hours = random.chance(0.25) ? random.pick([...OPEN_DAYS, SHUT]) : usual;
      for (const [start, end] of hours) yield `${storeId(store)},${String(day)},${start},${end}`;
    }
  }
}

function* zoneLines(stores: number): Iterable<string> {
  yield 'store_id,timezone_str';
  for (let store = 0; store < stores; store += 1) {
    if (store % 17 !== 16) yield `${storeId(store)},${new SeededRandom(store, 3).pick(ZONES)}`;
  }
}
