import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testConfig } from '../../../test/support/config.js';
import { DuckDbEngine } from './duckdb-engine.js';

it('tells how far a scan of a file is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'progress-'));
  const session = await new DuckDbEngine(testConfig()).open({ directory });
  try {
    await session.materialize('SELECT i FROM range(4000000) AS t(i)', 'numbers.parquet');
    await session.relate('numbers', 'numbers.parquet');
    const told: number[] = [];
    await session.materialize('SELECT i, md5(md5(i::VARCHAR)) AS d FROM numbers', 'out.parquet', {
      onProgress: ({ percent }) => {
        if (percent !== null) told.push(percent);
      },
    });
    const between = told.filter((percent) => percent > 0 && percent < 100);
    expect(between.length).toBeGreaterThan(0);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  } finally {
    await session.close();
    await rm(directory, { recursive: true });
  }
});
