import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BASE, type Client, type Report } from './client.js';

interface Outcome {
  /** 0: there was no answer. */
  status: number;
  ms: number;
  retryAfter: string | null;
}

/** A caller's pause between two runs, and before it repeats a request that was refused. */
const PAUSE_MS = 300;
const REPEAT_MS = 50;

/**
 * A caller who goes on whatever happens: creates a report, under an Idempotency-Key until it is taken, looks at it, and begins
 * again. It writes down how each request went.
 */
export class Load {
  readonly outcomes: Outcome[] = [];
  readonly ids = new Set<string>();
  private stopping = false;
  private readonly working: Promise<unknown>;

  private constructor(
    private readonly client: () => Client,
    private readonly body: unknown,
    callers: number,
  ) {
    this.working = Promise.all(Array.from({ length: callers }, () => this.call()));
  }

  static start(client: () => Client, body: unknown, callers = 3): Load {
    return new Load(client, body, callers);
  }

  /** Returns when every run that was begun has been taken. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.working;
  }

  get slowestMs(): number {
    return Math.max(...this.outcomes.map(({ ms }) => ms));
  }

  count(status: number): number {
    return this.outcomes.filter((outcome) => outcome.status === status).length;
  }

  /** How many answers there were of each status. */
  get statuses(): Record<string, number> {
    const statuses = [...new Set(this.outcomes.map(({ status }) => status))].sort((a, b) => a - b);
    return Object.fromEntries(statuses.map((status) => [String(status), this.count(status)]));
  }

  private async call(): Promise<void> {
    while (!this.stopping) {
      const headers = { 'idempotency-key': randomUUID() };
      let id: string | undefined;
      while (id === undefined) {
        id = (await this.send('POST', `${BASE}/reports`, { json: this.body, headers }))?.report_id;
        await delay(REPEAT_MS);
      }
      this.ids.add(id);
      await this.send('GET', `${BASE}/reports/${id}`);
      await delay(PAUSE_MS);
    }
  }

  private async send(...[method, path, options]: Parameters<Client['send']>): Promise<Report | undefined> {
    const from = performance.now();
    try {
      const { status, headers, body } = await this.client().send<Report>(method, path, options);
      const ms = performance.now() - from;
      this.outcomes.push({ status, ms, retryAfter: headers.get('retry-after') });
      return status < 300 ? body : undefined;
    } catch {
      this.outcomes.push({ status: 0, ms: performance.now() - from, retryAfter: null });
      return undefined;
    }
  }
}
