import { Injectable, Logger, ServiceUnavailableException, type OnModuleDestroy } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import { Config } from '../config/config.js';
import { DATABASE, Dependencies } from './dependencies.js';
import type { HealthDto } from './health.dto.js';

export type Probe = { ok: true; reason?: never } | { ok: false; reason: string };

/** How this process is. */
@Injectable()
export class HealthService implements OnModuleDestroy {
  private readonly logger = new Logger(HealthService.name);
  private draining = false;

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly dependencies: Dependencies,
    private readonly config: Config,
  ) {}

  /** Whether the process was told to stop; what asks now had better ask another one next time. */
  get isDraining(): boolean {
    return this.draining;
  }

  onModuleDestroy(): void {
    this.draining = true;
  }

  async overview(): Promise<HealthDto> {
    const { details } = await this.check(this.dependencies.names());
    const services = Object.fromEntries(
      Object.entries(details).map(
        ([name, { status }]) => [name, status === 'up' ? 'available' : 'unavailable'] as const,
      ),
    );
    const statusCode = Object.values(services).every((state) => state === 'available') ? 200 : 503;
    return { statusCode, body: { edition: 'community', version: this.config.version, services } };
  }

  /** Redis and storage may be away for a while without a request being lost; the database may not. */
  async ready(): Promise<Probe> {
    if (this.draining) return { ok: false, reason: 'draining' };
    const { details } = await this.check([DATABASE]);
    return details[DATABASE]?.status === 'up' ? { ok: true } : { ok: false, reason: 'the database is not available' };
  }

  async started(): Promise<Probe> {
    try {
      const pending = await this.dependencies.pendingMigrations();
      return pending.length === 0 ? { ok: true } : { ok: false, reason: `pending migrations: ${pending.join(', ')}` };
    } catch (error) {
      this.logger.warn({ err: error, msg: 'the migrations cannot be looked up' });
      return { ok: false, reason: 'the database is not available' };
    }
  }

  private async check(names: readonly string[]): Promise<HealthCheckResult> {
    try {
      return await this.terminus.check(
        names.map((name) => async () => {
          const indicator = this.indicators.check(name);
          try {
            await this.dependencies.check(name);
            return indicator.up();
          } catch (error) {
            this.logger.warn({ err: error, msg: `${name} is not available` });
            return indicator.down();
          }
        }),
      );
    } catch (error) {
      // Terminus throws its result when a part of it is down.
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }
}
