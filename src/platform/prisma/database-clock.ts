import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../../common/clock.js';
import { SweepTimer } from '../queue/sweep-timer.js';
import { PrismaService } from './prisma.service.js';

/** A quartz loses less than a millisecond meanwhile. */
const ASK_SECONDS = 10;
/** A start does not wait longer for a database that does not answer. */
const FIRST_ANSWER_MS = 2000;

/**
 * The time of the database, which is the same for all processes whatever their own clocks say: asked now and then, and counted
 * on from there by a clock that nobody sets. Until the first answer it is the time of the process. Off by half a round trip at most.
 */
@Injectable()
export class DatabaseClock extends Clock implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(DatabaseClock.name);
  /** What `performance.now()` lacks to be the time, in milliseconds. */
  private offsetMs = Date.now() - performance.now();
  private timer: SweepTimer | undefined;

  constructor(private readonly prisma: PrismaService) {
    super();
  }

  now(): Date {
    return new Date(Math.round(performance.now() + this.offsetMs));
  }

  async onModuleInit(): Promise<void> {
    const asked = this.ask().catch((error: unknown) => {
      this.logger.warn({ err: error, msg: 'the database cannot be asked for its time yet' });
    });
    await Promise.race([asked, delay(FIRST_ANSWER_MS, undefined, { ref: false })]);
    this.timer = new SweepTimer('asking for the time', ASK_SECONDS, async () => this.ask());
  }

  async onModuleDestroy(): Promise<void> {
    await this.timer?.stop();
  }

  private async ask(): Promise<void> {
    const before = performance.now();
    const at = await this.prisma.time();
    this.offsetMs = at.getTime() - (before + performance.now()) / 2;
  }
}
