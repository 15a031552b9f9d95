import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Child } from './child.js';
import { processIdentity } from './process-identity.js';

const recordSchema = z.object({
  name: z.string(),
  pid: z.number().int().positive(),
  identity: z.string(),
  stopSignal: z.enum(['SIGINT', 'SIGTERM']),
});
type ProcessRecord = z.infer<typeof recordSchema>;

const STOP_SECONDS = 20;
const POLL_MS = 50;

/** The processes of this start, on disk: when the launcher is killed they go on, and the next start ends them. */
export class ProcessRecords {
  private readonly records: ProcessRecord[] = [];
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly file: string) {}

  async add(child: Child): Promise<void> {
    const identity = await processIdentity(child.pid);
    if (identity === undefined) return;
    const { name, stopSignal } = child.options;
    this.records.push({ name, pid: child.pid, identity, stopSignal });
    this.writing = this.writing.then(() => this.write());
    await this.writing;
  }

  async clear(): Promise<void> {
    await this.writing;
    await rm(this.file, { force: true });
  }

  /** Ends what an earlier start left running, the last started first. Returns the names. */
  async endLeftovers(): Promise<readonly string[]> {
    const text = await readFile(this.file, 'utf8').catch(() => '[]');
    const ended: string[] = [];
    for (const record of z.array(recordSchema).parse(JSON.parse(text)).reverse()) {
      if (!(await isRunning(record))) continue;
      await end(record);
      ended.push(record.name);
    }
    await this.clear();
    return ended;
  }

  /** Renamed into place: a launcher that is killed while it writes leaves the earlier list. */
  private async write(): Promise<void> {
    await writeFile(`${this.file}.new`, JSON.stringify(this.records));
    await rename(`${this.file}.new`, this.file);
  }
}

async function end(record: ProcessRecord): Promise<void> {
  process.kill(record.pid, record.stopSignal);
  const deadline = Date.now() + STOP_SECONDS * 1000;
  while (await isRunning(record)) {
    if (Date.now() > deadline) process.kill(record.pid, 'SIGKILL');
    await delay(POLL_MS);
  }
}

async function isRunning(record: ProcessRecord): Promise<boolean> {
  return (await processIdentity(record.pid)) === record.identity;
}
