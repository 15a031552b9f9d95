import { Readable } from 'node:stream';
import type { DemoDataset } from './demo-dataset.js';
import { comments, movies, users } from './demo-movies.js';
import { businessHours, storeStatus, timezones, type StoreDataOptions } from './demo-stores.js';

/** A week that ends two days after clocks went back in America: the day of 25 hours is in the demo. */
const STORES: StoreDataOptions = { stores: 300, polls: 300 * 168, endsAt: new Date('2026-11-03T18:00:00Z'), days: 7 };
const CSV = 'text/csv';
const NDJSON = 'application/x-ndjson';

/** Everything the shipped definitions read, invented, and the same each time. */
export function demoDatasets(): readonly DemoDataset[] {
  return [
    dataset('store_status', CSV, () => storeStatus(STORES)),
    dataset('business_hours', CSV, () => businessHours(STORES)),
    dataset('timezones', CSV, () => timezones(STORES)),
    dataset('movies', NDJSON, movies),
    dataset('comments', NDJSON, comments),
    dataset('users', NDJSON, users),
  ];
}

function dataset(name: string, contentType: string, chunks: () => Iterable<string>): DemoDataset {
  // Bytes, not text: a web stream of text is not what fetch sends.
  return { name, contentType, content: () => Readable.from(bytes(chunks()), { objectMode: false }) };
}

function* bytes(chunks: Iterable<string>): Iterable<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}
