import { Injectable } from '@nestjs/common';
import { hostname } from 'node:os';
import { Config } from '../config/config.js';
import { type Claim, RunClaimsRepository } from './run-claims.repository.js';
import type { RunWork } from './run-context.js';
import { RunExecutor } from './run-executor.js';
import { RunSlots } from './run-slots.js';
import { RunWatcher } from './run-watcher.js';
import type { RunKind } from './run.js';

/** Takes runs for this worker: the ones whose turn it is, as far as there are places. */
@Injectable()
export class RunDispatcher {
  private readonly workerId = `${hostname()}:${String(process.pid)}`;
  private readonly slots: RunSlots[] = [];

  constructor(
    private readonly claims: RunClaimsRepository,
    private readonly watcher: RunWatcher,
    private readonly executor: RunExecutor,
    private readonly config: Config,
  ) {}

  /** Places for runs of a kind, which do this work. They take nothing before they are started. */
  open(kind: RunKind, work: RunWork): RunSlots {
    const { concurrency, longRunSeconds } = this.config.worker;
    const slots = new RunSlots({
      ...{ name: `${kind}s`, concurrency, longRunSeconds },
      claim: async (shortOnly) => this.claim(kind, shortOnly),
      work: async (run) => this.executor.execute(run, work),
    });
    this.slots.push(slots);
    return slots;
  }

  /** From now on nothing more is taken. */
  close(): void {
    for (const slots of this.slots) slots.close();
  }

  /** Lets the runs in work come to an end within the configured time, and hands back those that have not. */
  async drain(): Promise<void> {
    await this.executor.drain(Promise.all(this.slots.map((slots) => slots.stop())));
  }

  private async claim(kind: RunKind, shortOnly: boolean): Promise<Claim | null> {
    const claim = await this.claims.next(kind, {
      ...{ workerId: this.workerId, shortOnly },
      leaseSeconds: this.config.runs.leaseSeconds,
      runningLimit: this.config.limits.running,
    });
    if (claim) await this.watcher.announce(claim.run);
    return claim;
  }
}
