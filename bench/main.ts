import { benchCreateOverhead } from './create-overhead.js';
import { benchFormats } from './formats.js';
import { benchHttpSource } from './http-source.js';
import { benchOutbox } from './outbox.js';
import { benchIntake } from './intake.js';
import { Servers } from './servers.js';
import { benchStoreUptime } from './store-uptime.js';

const BENCHES = {
  'store-uptime': benchStoreUptime,
  'create-overhead': benchCreateOverhead,
  'http-source': benchHttpSource,
  formats: benchFormats,
  intake: benchIntake,
  outbox: benchOutbox,
};

/** `npm run bench` runs all of them; names after `--` choose some. */
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) throw new Error(`There is no bench ${unknown}, only ${Object.keys(BENCHES).join(', ')}.`);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const servers = await Servers.start();
  try {
    console.log(await bench(servers));
  } finally {
    await servers.stop();
  }
}
