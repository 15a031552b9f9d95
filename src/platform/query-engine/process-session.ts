import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSent, type CallInput, type CallName, type CallOutput, type EngineAnswer } from './engine-protocol.js';
import type { QueryColumn, QueryOptions, QueryParameters, QueryProgress, QuerySession } from './query-engine.js';
import { QueryEngineLost } from './query-errors.js';
import { SPILL_FOLDER } from './spill-folder.js';

interface Pending {
  resolve: (output: unknown) => void;
  reject: (error: unknown) => void;
  onProgress: ((progress: QueryProgress) => void) | undefined;
}

/**
 * The session in another process, seen from this one. Whatever ends it ends that process with a signal that cannot be held
 * up; calls that wait reject when the process is gone, so that its files are nobody's then.
 */
export class ProcessSession implements QuerySession {
  private readonly pending = new Map<number, Pending>();
  private readonly gone: Promise<void>;
  private calls = 0;
  /** Why every call is refused from now on. */
  private ending: { reason: unknown } | undefined;

  constructor(
    private readonly child: ChildProcess,
    private readonly options: { directory: string; signal: AbortSignal | undefined },
  ) {
    const { signal } = options;
    const abort = () => this.end(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    child.on('message', (answer: EngineAnswer) => this.take(answer));
    this.gone = new Promise((resolve) => {
      const leave = (cause: unknown) => {
        signal?.removeEventListener('abort', abort);
        this.lose(cause);
        resolve();
      };
      child.once('exit', (code, by) => leave(new Error(`The process ended with ${String(by ?? code)}.`)));
      // It could not be started, or no longer be reached; only in the first case does no exit follow.
      child.on('error', (error) => {
        if (child.pid === undefined) leave(error);
      });
    });
  }

  open(input: CallInput<'open'>): Promise<void> {
    return this.call('open', input);
  }

  relate(name: string, file: string, expected: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.call('relate', { name, file, expected });
  }

  define(name: string, select: string): Promise<void> {
    return this.call('define', { name, select });
  }

  query(sql: string, { parameters, onProgress }: QueryOptions = {}): Promise<Record<string, unknown>[]> {
    return this.call('query', { sql, parameters, watched: onProgress !== undefined }, onProgress);
  }

  describe(sql: string, parameters?: QueryParameters): Promise<QueryColumn[]> {
    return this.call('describe', { sql, parameters });
  }

  materialize(sql: string, file: string, { parameters, onProgress }: QueryOptions = {}): Promise<number> {
    return this.call('materialize', { sql, file, parameters, watched: onProgress !== undefined }, onProgress);
  }

  async close(): Promise<void> {
    this.end(new Error('The query session was closed.'));
    await this.gone;
    await rm(join(this.options.directory, SPILL_FOLDER), { recursive: true, force: true });
  }

  private async call<N extends CallName>(
    call: N,
    input: CallInput<N>,
    onProgress?: (progress: QueryProgress) => void,
  ): Promise<CallOutput<N>> {
    if (this.ending !== undefined) throw this.ending.reason;
    this.calls += 1;
    const id = this.calls;
    const output = await new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject, onProgress });
      // If it cannot be sent any more, the process has ended or is about to, which rejects the call.
      this.child.send({ id, call, input }, () => undefined);
    });
    // The other end is of the same build, and answers what the protocol says.
    return output as CallOutput<N>;
  }

  private take(answer: EngineAnswer): void {
    const call = this.pending.get(answer.id);
    if (answer.kind === 'progress') {
      call?.onProgress?.(answer.progress);
      return;
    }
    this.pending.delete(answer.id);
    if (answer.kind === 'done') call?.resolve(answer.output);
    else call?.reject(fromSent(answer.error));
  }

  private end(reason: unknown): void {
    this.ending ??= { reason };
    this.child.kill('SIGKILL');
  }

  private lose(cause: unknown): void {
    this.ending ??= { reason: new QueryEngineLost(cause) };
    for (const { reject } of this.pending.values()) reject(this.ending.reason);
    this.pending.clear();
  }
}
