import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '../../src/common/scope.js';
import { BASE, TEST_KEY } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { uploadMovies, uploadStores } from '../support/report-data.js';
import { leaksIn } from '../support/leaks.js';
import { findSchemathesis, fuzz } from '../support/schemathesis.js';

/** Only ends what hangs: the fuzzer itself gives every request its time. */
const PATIENCE_MS = 15 * 60_000;
const SEED = 20_261_121;

const program = await findSchemathesis();
// Where everything can be installed, a fuzzer that is missing is a failure and no reason to skip.
if (program === null && process.env['CI'] !== undefined) throw new Error('Schemathesis is needed in CI.');

describe.skipIf(program === null)('requests made up from the OpenAPI document', () => {
  let deployment: Deployment;
  /** Of an owner who may do everything but administrate. */
  let userKey: string;

  beforeAll(async () => {
    const environment = { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'no-names.js')}`, WEBHOOK_SEAL_KEY: 'k'.repeat(32) }; // prettier-ignore
    deployment = await Deployment.start({ environment });
    const { client } = deployment;
    const scopes = SCOPES.filter((scope) => scope !== 'admin');
    const json = { name: 'fuzz', owner: 'fuzz', scopes };
    const made = await client.send<{ key: string }>('POST', `${BASE}/keys`, { json });
    userKey = made.body.key;
    for (const one of [client, client.as(userKey)]) {
      await uploadStores(one);
      await uploadMovies(one);
    }
  });
  afterAll(() => deployment.stop());

  it.each([
    { who: 'a user', phases: ['examples', 'coverage'], examples: 1 },
    { who: 'an admin', phases: ['fuzzing', 'stateful'], examples: 4 },
  ])(
    'by $who are answered as it says',
    async ({ who, phases, examples }) => {
      const key = who === 'an admin' ? TEST_KEY : userKey;
      const report = join(deployment.folder, 'cases.ndjson');
      const args = ['--max-examples', String(examples), '--report', 'ndjson', '--report-ndjson-path', report];
      const { passed, output } = await fuzz(program!, { url: deployment.api.url, key, seed: SEED, phases, args });
      process.stdout.write(passed ? output.slice(output.indexOf('= SUMMARY =')) : output);
      expect(passed).toBe(true);
      expect(leaksIn(answersIn(await readFile(report, 'utf8')), [TEST_KEY, userKey])).toEqual([]);
    },
    PATIENCE_MS,
  );

  it('leave the service ready, and its logs without secrets', async () => {
    const processes = [deployment.api, ...deployment.workers];
    for (const process of processes) {
      expect((await fetch(`${process.url}/health/ready`)).status).toBe(200);
      const log = await process.log();
      expect(leaksIn(log, [TEST_KEY, userKey]).filter((leak) => leak.startsWith('a secret'))).toEqual([]);
      expect(log).not.toMatch(/"level":(?:50|60)|unexpected error/);
    }
  });
});

/** The bodies of all answers in a report of the fuzzer, which has them in Base64. */
function answersIn(report: string): string {
  const bodies = [...report.matchAll(/"response":\{.*?"content":\{"\$base64":"([^"]*)"/g)];
  return bodies.map(([, text = '']) => Buffer.from(text, 'base64').toString()).join('\n');
}
