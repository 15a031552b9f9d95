import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { ProcessSession } from './process-session.js';
import { IsolatedQueryEngine, type QuerySession, type SessionOptions } from './query-engine.js';

const ENTRY = join(import.meta.dirname, 'engine-process.js');

/** One process per session, which is gone when the session is closed. */
@Injectable()
export class ProcessEngine extends IsolatedQueryEngine {
  constructor(private readonly config: Config) {
    super();
  }

  override async open({ signal, ...options }: SessionOptions): Promise<QuerySession> {
    signal?.throwIfAborted();
    const session = new ProcessSession(start(), { directory: options.directory, signal });
    try {
      await session.open({ ...options, limits: { ...this.config.engine, ...options.limits } });
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}

function start(): ChildProcess {
  return fork(ENTRY, [], {
    // Keeps bigint as it is.
    serialization: 'advanced',
    // It works on what clients sent: it gets to know no password and no key. Few arenas and a small young generation keep it small.
    env: { MALLOC_ARENA_MAX: '2' },
    // Two processes cannot be debugged on one port.
    execArgv: [...process.execArgv.filter((argument) => !argument.startsWith('--inspect')), '--max-semi-space-size=2'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
