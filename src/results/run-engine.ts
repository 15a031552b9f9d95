import { Injectable } from '@nestjs/common';
import { Limits } from '../limits/limits.js';
import {
  IsolatedQueryEngine,
  QueryEngine,
  type QuerySession,
  type SessionOptions,
} from '../platform/query-engine/query-engine.js';

/** `owner`: whose limit of rows holds. */
export type RunSession = Omit<SessionOptions, 'limits'> & { distrusted: boolean; owner: string };

/** Opens the engine for work on a run, where it can do the least harm. */
@Injectable()
export class RunEngine {
  constructor(
    private readonly engine: QueryEngine,
    private readonly isolated: IsolatedQueryEngine,
    private readonly limits: Limits,
  ) {}

  /**
   * `distrusted` is for SQL of clients and for work that has failed before: should it bring the engine down, or need memory
   * that the engine does not count, it is not this worker that ends, with all its other runs. A process of its own costs
   * about a tenth of a second, which is why not everything has one.
   */
  async open({ distrusted, owner, ...options }: RunSession): Promise<QuerySession> {
    const { rows } = await this.limits.of(owner);
    return await (distrusted ? this.isolated : this.engine).open({ ...options, limits: { rows } });
  }
}
