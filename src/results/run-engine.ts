import { Injectable } from '@nestjs/common';
import { Bounds } from '../limits/bounds.js';
import { Limits } from '../limits/limits.js';
import {
  IsolatedQueryEngine,
  QueryEngine,
  type QuerySession,
  type SessionOptions,
} from '../platform/query-engine/query-engine.js';

/** `owner`: whose limits of rows and bytes hold. */
export type RunSession = Omit<SessionOptions, 'limits'> & { signal: AbortSignal; distrusted: boolean; owner: string };

/** The work must end soon after the signal of `bounds` aborts. */
export type EngineWork<T> = (session: QuerySession, bounds: Bounds) => Promise<T>;

/** Opens the engine for work on a run, where it can do the least harm. */
@Injectable()
export class RunEngine {
  constructor(
    private readonly engine: QueryEngine,
    private readonly isolated: IsolatedQueryEngine,
    private readonly limits: Limits,
  ) {}

  /**
   * Gives the work a session that is closed when it has ended. Throws what the work throws, and `LimitReached`.
   *
   * `distrusted` is for SQL of clients and for work that has failed before: should it bring the engine down, or need memory
   * that the engine does not count, it is not this worker that ends, with all its other runs. A process of its own costs
   * about a tenth of a second, which is why not everything has one.
   */
  async use<T>({ distrusted, owner, ...options }: RunSession, work: EngineWork<T>): Promise<T> {
    const limits = await this.limits.of(owner);
    const bounds = new Bounds(limits, options.signal);
    try {
      const engine = distrusted ? this.isolated : this.engine;
      const session = await engine.open({ ...options, signal: bounds.signal, limits: { rows: limits.rows } });
      try {
        return await work(session, bounds);
      } finally {
        await session.close();
      }
    } catch (error) {
      throw bounds.reached ?? error;
    } finally {
      bounds.close();
    }
  }
}
