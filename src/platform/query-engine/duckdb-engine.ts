import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { openDuckDb } from './duckdb-open.js';
import { QueryEngine, type QuerySession, type SessionOptions } from './query-engine.js';

/** The embedded engine: sessions live in this process. */
@Injectable()
export class DuckDbEngine extends QueryEngine {
  constructor(private readonly config: Config) {
    super();
  }

  override open(options: SessionOptions): Promise<QuerySession> {
    return openDuckDb({ ...options, limits: { ...this.config.engine, ...options.limits } });
  }
}
