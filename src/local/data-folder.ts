import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { newApiKey } from '../common/api-key.js';
import { LaunchError } from './launch-error.js';
import { ProcessRecords } from './leftovers.js';

const secretsSchema = z.object({
  databasePassword: z.string().min(1),
  redisPassword: z.string().min(1),
  storageSigningKey: z.string().min(32),
  webhookSealKey: z.string().min(32),
  adminKey: z.string().min(16),
});

/** Made at the first start and kept, so that data and links of earlier starts stay usable. */
export type Secrets = z.infer<typeof secretsSchema>;

const LOCK_PATIENCE_MS = 1500;
const POLL_MS = 100;

/** The one folder that holds everything `npm start` keeps. */
export class DataFolder {
  readonly records: ProcessRecords;

  private constructor(
    readonly path: string,
    readonly secrets: Secrets,
    private readonly lock: DatabaseSync,
  ) {
    this.records = new ProcessRecords(join(path, 'processes.json'));
  }

  /** Takes the folder for this process; fails when another start uses it. */
  static async open(folder: string): Promise<DataFolder> {
    const path = resolve(folder);
    try {
      await mkdir(join(path, 'logs'), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new LaunchError(`The data folder ${path} cannot be made: ${String(error)}`, { cause: error });
    }
    const lock = await takeLock(path);
    return new DataFolder(path, await readSecrets(join(path, 'secrets.json')), lock);
  }

  of(...names: string[]): string {
    return join(this.path, ...names);
  }

  log(name: string): string {
    return this.of('logs', `${name}.log`);
  }

  close(): void {
    this.lock.close();
  }
}

/** SQLite's file lock: the system gives it back when its holder ends, however it ends. */
async function takeLock(folder: string): Promise<DatabaseSync> {
  const lock = new DatabaseSync(join(folder, 'lock'));
  const deadline = Date.now() + LOCK_PATIENCE_MS; // For a start that is just about to end.
  for (;;) {
    try {
      lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
      return lock;
    } catch (error) {
      if (Date.now() < deadline) {
        await delay(POLL_MS);
        continue;
      }
      lock.close();
      throw new LaunchError(
        `Longhaul already runs on the data folder ${folder}. Stop it first, or set DATA_DIR to another folder.`,
        { cause: error },
      );
    }
  }
}

async function readSecrets(file: string): Promise<Secrets> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const kept = secretsSchema.partial().parse(JSON.parse(text ?? '{}'));
  // An earlier version may have kept fewer.
  const missing = Object.keys(secretsSchema.shape).filter((name) => !(name in kept));
  if (missing.length === 0) return secretsSchema.parse(kept);
  const made = missing.map((name) => [name, name === 'adminKey' ? newApiKey() : randomBytes(32).toString('base64url')]);
  const secrets = secretsSchema.parse({ ...kept, ...Object.fromEntries(made) });
  await writeFile(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return secrets;
}
