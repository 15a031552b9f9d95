import { randomInt } from 'node:crypto';
import { findSchemathesis, fuzz } from '../test/support/schemathesis.js';

/** `npm run fuzz -- <url> [seconds] [seed]`, with the key in API_KEY. */
const [url = 'http://127.0.0.1:3000', seconds = '600', seed = String(randomInt(2 ** 32))] = process.argv.slice(2);
const key = process.env['API_KEY'];
if (key === undefined) throw new Error('Set API_KEY to the key to call with.');
const program = await findSchemathesis();
if (program === null) throw new Error('There is no Schemathesis.');
const phases = ['examples', 'coverage', 'fuzzing', 'stateful'];
console.log(`Seed ${seed}, ${seconds} s ...`);
const { passed, output } = await fuzz(program, {
  ...{ url, key, phases, seed: Number(seed) },
  args: ['--max-time', seconds, '--max-examples', '50'],
});
console.log(output);
if (!passed) process.exitCode = 1;
