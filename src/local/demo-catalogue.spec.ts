import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { catalogueFolder, loadDefinition, runReport, type ReportInput } from '../../test/support/report-runner.js';
import { demoDatasets } from './demo-data.js';

/** Columns of definitions.md, which clients rely on. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  'comments-per-year': ['year', 'comment_count'],
  'store-uptime': [
    'store_id',
    'uptime_last_hour',
    'uptime_last_day',
    'uptime_last_week',
    'downtime_last_hour',
    'downtime_last_day',
    'downtime_last_week',
    'polls_counted',
  ],
  'top-commenters': ['name', 'comment_count'],
  'top-directors-per-comment': ['director', 'comment_count', 'movie_count'],
  'top-directors-per-movie-rating': ['name', 'average_rating', 'average_screen_playtime', 'movie_count'],
  'top-movies-per-rating': ['title', 'year', 'rating', 'votes', 'directors'],
};

/** Plain values for Extended JSON, as an upload makes them. */
const unwrap = (_: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if ('$oid' in value) return value.$oid;
  if ('$numberLong' in value) return new Date(Number(value.$numberLong)).toISOString();
  return '$date' in value ? value.$date : value;
};

describe('the catalogue', () => {
  const names: string[] = [];
  let files: NonNullable<ReportInput['files']>;

  beforeAll(async () => {
    names.push(...(await readdir(catalogueFolder)).map((file) => basename(file, '.sql')).sort());
    const entries = demoDatasets().map(async ({ name, contentType, content }) => {
      const text = Buffer.concat(await content().toArray()).toString();
      if (contentType === 'text/csv') return [name, { text, reader: 'read_csv' as const }] as const;
      const lines = text.trimEnd().split('\n');
      const plain = lines.map((line) => JSON.stringify(JSON.parse(line, unwrap))).join('\n');
      return [name, { text: plain, reader: 'read_json' as const }] as const;
    });
    files = Object.fromEntries(await Promise.all(entries));
  });

  it('holds the definitions that clients rely on', () => {
    expect(names).toEqual(Object.keys(COLUMNS));
  });

  it.each(Object.entries(COLUMNS))(
    '%s has an example that gives rows of its columns on the demo data',
    async (name, columns) => {
      const definition = await loadDefinition(name);
      expect(definition.examples.length).toBeGreaterThan(0);
      for (const { parameters } of definition.examples) {
        const rows = await runReport(name, { files, parameters });
        expect(rows.length, name).toBeGreaterThanOrEqual(10);
        expect(Object.keys(rows[0]!)).toEqual(columns);
      }
    },
  );
});
