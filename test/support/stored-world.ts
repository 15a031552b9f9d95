import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { versionKey } from '../../src/datasets/dataset.js';
import { RunStatus } from '../../src/runs/run.js';
import type { RetentionApp } from './retention-app.js';

/** Runs, datasets and files in every state that they can be in, thrown by the numbers of a seed. */
export class StoredWorld {
  /** What has to be there after all sweeps. */
  readonly kept = new Set<string>();
  /** Old files that nothing refers to. */
  readonly orphans = new Set<string>();
  /** Files that go with their rows. */
  readonly outdated = new Set<string>();
  private readonly runs: string[] = [];

  constructor(
    private readonly app: RetentionApp,
    private state: number,
  ) {}

  /** Everything that is written before the grace period begins. */
  async fill(runs: number, datasets: number): Promise<void> {
    for (let n = 0; n < datasets; n += 1) await this.dataset(n);
    for (let n = 0; n < runs; n += 1) await this.run();
    for (let n = 0; n < 8; n += 1) {
      await this.file(this.orphans, `runs/${randomUUID()}/1/result.parquet`);
      await this.file(this.orphans, `runs/${randomUUID()}/pages/1/0.ndjson`);
      await this.file(this.orphans, versionKey(randomUUID(), randomUUID()));
    }
    for (const foreign of ['runs/readme.txt', 'runs/old/1/data', 'datasets/mine.csv', 'other/runs/x', 'runs-2/x']) {
      await this.file(this.kept, foreign);
    }
  }

  /** What is written after it has begun: all of it stays, whosever it is. */
  async addYoung(): Promise<void> {
    for (const id of [...this.runs, randomUUID(), randomUUID()]) {
      if (this.chance(0.3)) await this.file(this.kept, `runs/${id}/9/young.csv`);
    }
    await this.file(this.kept, versionKey(randomUUID(), randomUUID()));
  }

  private async run(): Promise<void> {
    const id = randomUUID();
    const statuses = Object.values(RunStatus);
    const status = statuses[Math.floor(this.random() * statuses.length)] ?? RunStatus.Queued;
    const isLive = ['queued', 'running', 'cancelling'].includes(status);
    const isOver = status === RunStatus.Completed && this.chance(0.3);
    const isPurged = !isLive && this.chance(0.15);
    const result = `runs/${id}/2/result.parquet`;
    const hasResult = status === RunStatus.Completed;
    await this.app.sql.query(
      `INSERT INTO runs (id, owner, kind, name, definition_version, status, parameters, time_zone, inputs, fingerprint,
         attempt, available_at, timeout_seconds, created_at, finished_at, expires_at, lease_until, manifest, purge_requested_at)
       VALUES ($1, 'ann', 'export', 'e', 1, $2, '{}', 'UTC', '[]', 'f', 2, now() + interval '1 day', 60, now(), now(),
         now() + $3 * interval '1 day', now() + interval '1 hour', $4, $5)`,
      [id, status, isOver ? -1 : 1, hasResult ? { key: result, bytes: 10 } : null, isPurged ? new Date() : null],
    );
    const goes = isOver || isPurged;
    // What a sweep takes with the run goes young, too; so nothing young is added to those.
    if (!goes) this.runs.push(id);
    const named = goes ? this.outdated : this.kept;
    const unnamed = isLive ? this.kept : goes ? this.outdated : this.orphans;
    if (hasResult) await this.file(named, result);
    await this.file(unnamed, `runs/${id}/1/result.parquet`);
    await this.file(unnamed, `runs/${id}/2/${randomUUID()}.csv`);
    await this.renders(id, { hasResult, named, unnamed });
    await this.pages(id, isLive, unnamed);
  }

  private async renders(
    id: string,
    { hasResult, named, unnamed }: { hasResult: boolean; named: Set<string>; unnamed: Set<string> },
  ): Promise<void> {
    const artifact = randomUUID();
    const key = `runs/${id}/renders/${artifact}.2/${randomUUID()}.xlsx`;
    const [isPending, hasRow] = [this.chance(0.3), hasResult && this.chance(0.7)];
    if (hasRow) {
      await this.app.sql.query(
        `INSERT INTO artifacts (id, run_id, format, status, key) VALUES ($1, $2, 'xlsx', $3, $4)`,
        [...[artifact, id, isPending ? 'pending' : 'ready', isPending ? null : key]],
      );
    }
    await this.file(hasRow ? named : unnamed, key);
    if (!(hasRow && isPending)) await this.file(unnamed, `runs/${id}/renders/${artifact}.1/${randomUUID()}.xlsx`);
  }

  /** Of a run that has ended, pages that have rows go with them; those of live runs stay. */
  private async pages(id: string, isLive: boolean, unnamed: Set<string>): Promise<void> {
    const hasRows = this.chance(0.5);
    for (const sequence of [0, 1]) {
      const key = `runs/${id}/pages/1/${String(sequence)}.ndjson`;
      await this.file(isLive ? this.kept : hasRows ? this.outdated : unnamed, key);
      if (!hasRows) continue;
      await this.app.sql.query(
        `INSERT INTO export_pages (run_id, sequence, attempt, key, rows, bytes, digest, facts) VALUES ($1, $2, 1, $3, 1, 1, '', '{}')`,
        [id, sequence, key],
      );
    }
  }

  /** Versions old and new, of which the newest two stay and one more that a queued run reads. */
  private async dataset(n: number): Promise<void> {
    const dataset = randomUUID();
    const count = n % 6;
    await this.app.sql.query(`INSERT INTO datasets (id, owner, name) VALUES ($1, 'ann', $2)`, [
      dataset,
      `t${String(n)}`,
    ]);
    const pinned = this.chance(0.5) ? Math.floor(this.random() * count) + 1 : 0;
    for (let version = 1; version <= count; version += 1) {
      const id = randomUUID();
      const key = versionKey(dataset, id);
      await this.file(version > count - 2 || version === pinned ? this.kept : this.outdated, key);
      await this.app.sql.query(
        `INSERT INTO dataset_versions (id, dataset_id, version, key, rows, bytes, sha256, columns, source_format, created_at)
         VALUES ($1, $2, $3, $4, 1, 1, '', '[]', 'csv', now() - $5 * interval '1 day')`,
        [id, dataset, version, key, 30 - version],
      );
      if (version === pinned) await this.reader(id);
    }
    await this.file(this.orphans, versionKey(dataset, randomUUID()));
  }

  private async reader(versionId: string): Promise<void> {
    await this.app.sql.query(
      `INSERT INTO runs (id, owner, kind, name, definition_version, status, parameters, time_zone, inputs, fingerprint,
         available_at, timeout_seconds, created_at, expires_at)
       VALUES ($1, 'ann', 'report', 'r', 1, 'queued', '{}', 'UTC', $2, 'f', now() + interval '1 day', 60, now(), now())`,
      [randomUUID(), JSON.stringify([{ name: 't', version: 1, id: versionId }])],
    );
  }

  /** Its content is its name, so that a reader knows that it is whole. */
  private async file(whose: Set<string>, key: string): Promise<void> {
    await this.app.storage.put(key, Readable.from([key]), { contentType: 'text/plain' });
    whose.add(key);
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** mulberry32: the same world for the same seed. */
  private random(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
