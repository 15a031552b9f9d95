import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Config } from '../config/config.js';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import { OrphanSweep } from './orphan-sweep.js';
import { SweepTurnsRepository } from './sweep-turns.repository.js';

/** How often a process asks whether it is its turn. */
const ASK_SECONDS = 60;
/** A process that has not held on to its turn for so long is gone. */
const LEASE_SECONDS = 600;

/** Sweeps orphans now and then, in one process of all. */
@Injectable()
export class OrphanSweepTimer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OrphanSweepTimer.name);
  private readonly turn = { name: 'orphans', holder: randomUUID() };
  private timer: SweepTimer | undefined;

  constructor(
    private readonly orphans: OrphanSweep,
    private readonly turns: SweepTurnsRepository,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    const { sweep, everySeconds } = this.config.retention.orphans;
    if (sweep === 'off') return;
    this.timer = new SweepTimer('the sweep of orphaned files', Math.min(ASK_SECONDS, everySeconds), async (signal) => {
      if (await this.turns.take(this.turn, LEASE_SECONDS)) await this.sweep(signal);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.timer?.stop();
  }

  /** If it fails, another process takes the turn when the lease has run out. */
  private async sweep(signal: AbortSignal): Promise<void> {
    const { sweep, everySeconds, graceSeconds } = this.config.retention.orphans;
    const startedAt = this.clock.now().getTime();
    const report = await this.orphans.sweep({
      before: new Date(startedAt - graceSeconds * 1000),
      remove: sweep === 'remove',
      goesOn: async () => !signal.aborted && (await this.turns.hold(this.turn, LEASE_SECONDS)),
    });
    // A process that stops leaves the rest to the next one, soon. The jitter keeps sweeps of many installations apart.
    await this.turns.hold(this.turn, signal.aborted ? 0 : everySeconds * (0.9 + Math.random() / 5));
    this.logger.log({ msg: `orphaned files: ${sweep}`, ...report, ms: this.clock.now().getTime() - startedAt });
  }
}
