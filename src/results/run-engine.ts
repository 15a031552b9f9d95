import { Injectable } from '@nestjs/common';
import {
  IsolatedQueryEngine,
  QueryEngine,
  type QuerySession,
  type SessionOptions,
} from '../platform/query-engine/query-engine.js';

/** Opens the engine for work on a run, where it can do the least harm. */
@Injectable()
export class RunEngine {
  constructor(
    private readonly engine: QueryEngine,
    private readonly isolated: IsolatedQueryEngine,
  ) {}

  /**
   * `distrusted` is for SQL of clients and for work that has failed before: should it bring the engine down, or need memory
   * that the engine does not count, it is not this worker that ends, with all its other runs. A process of its own costs
   * about a tenth of a second, which is why not everything has one.
   */
  async open({ distrusted, ...options }: SessionOptions & { distrusted: boolean }): Promise<QuerySession> {
    return await (distrusted ? this.isolated : this.engine).open(options);
  }
}
