import { describe, expect, it } from 'vitest';
import { loadDefinition } from '../../test/support/report-runner.js';
import { demoDatasets } from './demo-data.js';
import { storeStatus } from './demo-stores.js';

async function contentOf(name: string): Promise<string> {
  const dataset = demoDatasets().find((candidate) => candidate.name === name);
  const chunks: Buffer[] = [];
  for await (const chunk of dataset!.content()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const linesOf = async (name: string) => (await contentOf(name)).trimEnd().split('\n');
interface Document {
  _id: { $oid: string };
  movie_id: { $oid: string };
  name?: string;
  year?: unknown;
  imdb?: { rating: unknown };
  directors?: unknown;
  released?: { $date: unknown };
}
const documentsOf = async (name: string): Promise<Document[]> => (await linesOf(name)).map((line) => JSON.parse(line));

describe(demoDatasets, () => {
  it('has every dataset that a shipped definition reads', async () => {
    const names = demoDatasets().map(({ name }) => name);
    const readBy = await Promise.all(['store-uptime', 'top-directors-per-comment'].map(loadDefinition));
    expect(names).toEqual(expect.arrayContaining(readBy.flatMap(({ datasets }) => datasets.map(({ name }) => name))));
  });

  it('is the same each time', async () => {
    for (const { name } of demoDatasets()) expect(await contentOf(name)).toBe(await contentOf(name));
  });

  it('polls every store for a week and leaves some without zone and hours', async () => {
    const polls = (await linesOf('store_status')).slice(1).map((line) => line.split(','));
    const ids = new Set(polls.map(([id]) => id));
    expect(ids.size).toBe(300);
    expect([...ids].every((id) => BigInt(id!) > 2n ** 53n && BigInt(id!) < 2n ** 63n)).toBe(true);
    const times = polls.map(([, , time]) => time!).sort();
    expect(times[0]! >= '2026-10-27 18:00:00').toBe(true);
    expect(times.at(-1)! <= '2026-11-03 18:00:00').toBe(true);
    expect(new Set(polls.map(([, status]) => status))).toEqual(new Set(['active', 'inactive']));
    for (const name of ['timezones', 'business_hours']) {
      const known = new Set((await linesOf(name)).slice(1).map((line) => line.split(',')[0]));
      expect(known.size).toBeGreaterThan(200);
      expect(known.size).toBeLessThan(300);
    }
  });

  it('has the damage of real documents', async () => {
    const movies = await documentsOf('movies');
    const count = (test: (movie: Document) => boolean) => movies.filter(test).length;
    expect(count(({ year }) => typeof year === 'string')).toBeGreaterThan(0);
    expect(count(({ imdb }) => imdb?.rating === '')).toBeGreaterThan(0);
    expect(count(({ directors }) => directors === undefined)).toBeGreaterThan(0);
    expect(count(({ released }) => typeof released?.$date === 'string')).toBeGreaterThan(0);
    expect(count(({ released }) => typeof released?.$date === 'object')).toBeGreaterThan(0);
  });

  it('has comments by its users on its movies', async () => {
    const users = new Set((await documentsOf('users')).map(({ name }) => name));
    const movies = new Set((await documentsOf('movies')).map(({ _id }) => _id.$oid));
    const comments = await documentsOf('comments');
    expect(users.size).toBe(240);
    expect(comments.every(({ name, movie_id }) => users.has(name) && movies.has(movie_id.$oid))).toBe(true);
  });
});

describe(storeStatus, () => {
  it('makes as many polls as asked for, in chunks', () => {
    const chunks = [...storeStatus({ stores: 7, polls: 10_000, endsAt: new Date(0), days: 7 })];
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.join('').trimEnd().split('\n')).toHaveLength(10_001);
  });
});
