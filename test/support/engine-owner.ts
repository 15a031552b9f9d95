import { tmpdir } from 'node:os';
import { parseEnvironment } from '../../src/config/environment.js';
import { ProcessEngine } from '../../src/platform/query-engine/process-engine.js';

/** A process with an isolated session: `engine-owner.ts <folder> <sql>` says when the statement runs. */
const [, , directory = '', sql = ''] = process.argv;
const config = parseEnvironment({
  DATABASE_URL: 'postgresql://127.0.0.1/none',
  REDIS_URL: 'redis://127.0.0.1',
  STORAGE_ROOT: tmpdir(),
  STORAGE_SIGNING_KEY: 'k'.repeat(32),
});
const session = await new ProcessEngine(config).open({ directory });
await session.query(sql, { onProgress: () => process.send?.('running') });
