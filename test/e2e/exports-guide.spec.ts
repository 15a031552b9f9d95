import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { DemoSources } from '../../src/local/demo-sources.js';
import { loadDemoData } from '../../src/local/demo.js';
import { freePort } from '../../src/local/free-port.js';
import { TEST_KEY } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { ExportsClient } from '../support/exports-client.js';

const bash = promisify(execFile);
const guide = await readFile(join(import.meta.dirname, '../../docs/exports.md'), 'utf8');
const examples = Array.from(guide.matchAll(/```bash\n(.*?)```/gs), ([, script]) => script!).filter((script) =>
  script.includes('/api/v1/exports?'),
);

let demo: DemoSources;
let deployment: Deployment;
let exports: ExportsClient;

beforeAll(async () => {
  demo = await DemoSources.start({
    port: await freePort(),
    serverUrl: inject('databaseUrl'),
    password: 'only-for-tests',
  });
  deployment = await Deployment.start({ environment: demo.environment({}) });
  exports = new ExportsClient(deployment.client);
  await loadDemoData({ url: deployment.client.url, key: TEST_KEY });
});
afterAll(async () => {
  await deployment.stop();
  await demo.stop();
});

describe('docs/exports.md', () => {
  it('has an example of every source and of every format', () => {
    const text = examples.join('\n');
    const sources = ['http', 'dataset', 'report', 'database'];
    const formats = ['csv', 'json', 'ndjson', 'parquet', 'xlsx', 'zip'];
    expect(sources.filter((source) => !text.includes(`"type": "${source}"`))).toEqual([]);
    expect(formats.filter((format) => !text.includes(`"format": "${format}"`))).toEqual([]);
  });

  it.each(examples.map((script, index) => [/"name": "([^"]+)"/.exec(script)?.[1] ?? String(index), script]))(
    'has an example that runs: %s',
    async (_, script) => {
      const here = script
        .replaceAll('http://localhost:3000', deployment.client.url)
        .replaceAll('http://127.0.0.1:3002/orders', demo.ordersUrl);
      const { stdout } = await bash('bash', ['-euc', here], { env: { ...process.env, LONGHAUL_API_KEY: TEST_KEY } });
      const run = JSON.parse(stdout) as { export_id: string; format: string; total_rows: number };
      expect(run).toMatchObject({ status: 'completed', error: null });
      expect(run.total_rows).toBeGreaterThan(0);
      expect((await exports.file(run.export_id, run.format)).length).toBeGreaterThan(100);
    },
  );
});
