import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { QueryEngine, type QuerySession, type SessionOptions } from './query-engine.js';

/** The embedded engine: sessions live in this process. */
@Injectable()
export class DuckDbEngine extends QueryEngine {
  constructor(private readonly config: Config) {
    super();
  }

  override async open(options: SessionOptions): Promise<QuerySession> {
    // An API never runs it in its own process, and need not hold it.
    const { openDuckDb } = await import('./duckdb-open.js');
    return await openDuckDb({ ...options, limits: { ...this.config.engine, ...options.limits } });
  }
}
