import type { Client } from './client.js';

/** Beyond 2^53: a JSON number would lose digits. */
export const BIG_IDS = ['9007199254740993', '9223372036854775807', '8419537941919820732'] as const;
export const [BIG, BIGGEST, GOLDEN] = BIG_IDS;

const DAY = '2023-01-25';

/** Three stores: one without rows about it, and the golden case of store-uptime (135 minutes up, 45 down). */
export async function uploadStores(client: Client): Promise<void> {
  const polls = [
    `${BIG},active,${DAY} 09:00:00 UTC`,
    `${BIGGEST},inactive,${DAY} 10:00:00 UTC`,
    `${GOLDEN},active,${DAY} 10:14:00 UTC`,
    `${GOLDEN},inactive,${DAY} 11:15:00 UTC`,
  ];
  await client.upload('store_status', `store_id,status,timestamp_utc\n${polls.join('\n')}\n`);
  const hours = `store_id,day,start_time_local,end_time_local\n${GOLDEN},2,09:00:00,12:00:00\n`;
  await client.upload('business_hours', hours);
  await client.upload('timezones', `store_id,timezone_str\n${BIG},UTC\n${BIGGEST},Asia/Tokyo\n${GOLDEN},UTC\n`);
}

/** The moment that the golden case is seen from. */
export const STORE_UPTIME = { report_name: 'store-uptime', now: `${DAY}T12:00:00Z` };

export async function uploadMovies(client: Client): Promise<void> {
  const movies = [
    { title: 'A', year: 1994, imdb: { rating: 9.1, votes: 1200 }, released: '1994-03-01', directors: ['X', 'Y'] },
    { title: 'B', year: 1999, imdb: { rating: 8.7, votes: 90 }, released: '1999-07-09', directors: ['Y'] },
    { title: 'C', year: 2005, imdb: { rating: 8.9, votes: 5000 }, released: '2005-01-01', directors: ['Z'] },
  ];
  const lines = movies.map((movie, index) => {
    const released = { $date: `${movie.released}T00:00:00Z` };
    return JSON.stringify({ _id: { $oid: String(index).repeat(24) }, ...movie, released, cast: ['P'], writers: ['W'] });
  });
  await client.upload('movies', lines.join('\n'), 'application/x-ndjson');
}
