import type { Client } from './client.js';

export const DATASET = { source: { type: 'dataset', datasets: 'people' } };
export const PEOPLE = [
  { id: 1, name: 'Ada', city: 'Paris', spent: 12.5 },
  { id: 2, name: 'Büşra', city: 'Paris', spent: 7 },
  { id: 3, name: 'Cem', city: 'Rome', spent: null },
];
/** An export that computes for more than a minute. */
export const MINUTES = {
  source: {
    type: 'dataset',
    datasets: 'people',
    query: 'SELECT (a.range * b.range) % 300 AS r, count(*) AS n FROM range(1000000) a, range(20000) b GROUP BY r',
  },
};

export async function uploadPeople(client: Client): Promise<void> {
  const lines = PEOPLE.map((row) => JSON.stringify(row));
  await client.upload('people', lines.join('\n'), 'application/x-ndjson');
}
