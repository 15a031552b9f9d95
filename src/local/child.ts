import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { LaunchError } from './launch-error.js';

export interface ChildOptions {
  /** What people call it, for example `PostgreSQL`. */
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  user?: { uid: number; gid: number } | undefined;
  /** Keeps what an earlier process wrote into the log. */
  keepLog?: boolean;
  /** Overwritten at every start unless `keepLog`. The child writes to it directly, so that it outlives a launcher that was killed. */
  logFile: string;
  /** Written to the child's standard input, which is then closed. */
  input?: string;
  /** Asks the child to end in good order. */
  stopSignal: 'SIGINT' | 'SIGTERM';
  /** How long the child may take to end before it is killed. */
  stopSeconds: number;
  /** Asked until it answers true. */
  ready: () => Promise<boolean>;
  /** How long that may take. */
  startSeconds: number;
  /** Gives up the start. */
  signal?: AbortSignal | undefined;
  /** Called as soon as there is a process, before it is ready. */
  onSpawn?: ((child: Child) => Promise<void>) | undefined;
}

const LOG_TAIL_LINES = 15;
const POLL_MS = 50;

/** A process that we started and that ends with us. */
export class Child {
  /** Resolves with a sentence that says how it ended. */
  readonly exited: Promise<string>;
  readonly pid: number;
  private running = true;

  private constructor(
    private readonly process: ChildProcess,
    pid: number,
    readonly options: ChildOptions,
  ) {
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        this.running = false;
        resolve(signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`);
      });
    });
  }

  /** Starts a process and returns it when it is ready; one that does not get there is stopped. */
  static async start(options: ChildOptions): Promise<Child> {
    options.signal?.throwIfAborted();
    const child = await Child.spawn(options);
    try {
      await options.onSpawn?.(child);
      await child.untilReady();
      return child;
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  /** In a process group of its own: a Ctrl-C at the terminal reaches the launcher only, which then decides on the order. */
  private static async spawn(options: ChildOptions): Promise<Child> {
    const log = openSync(options.logFile, options.keepLog ? 'a' : 'w');
    try {
      const process = spawn(options.command, options.args, {
        stdio: [options.input === undefined ? 'ignore' : 'pipe', log, log],
        detached: true,
        ...(options.env && { env: options.env }),
        ...(options.cwd && { cwd: options.cwd }),
        ...options.user,
      });
      await new Promise<void>((resolve, reject) => {
        process.once('spawn', resolve);
        process.once('error', reject);
      });
      if (process.pid === undefined) throw new Error('it has no process id');
      process.stdin?.on('error', () => undefined).end(options.input); // A child that ends early is reported as such.
      return new Child(process, process.pid, options);
    } catch (error) {
      const message = `${options.name} could not be started (${options.command}): ${String(error)}`;
      throw new LaunchError(message, { cause: error });
    } finally {
      closeSync(log);
    }
  }

  private async untilReady(): Promise<void> {
    const { ready, startSeconds, signal } = this.options;
    const deadline = Date.now() + startSeconds * 1000;
    let ended: string | undefined;
    void this.exited.then((how) => (ended = how));
    while (!(await ready())) {
      signal?.throwIfAborted();
      if (ended !== undefined) throw await this.failure(ended);
      if (Date.now() > deadline) throw await this.failure(`was not ready within ${startSeconds} seconds`);
      await delay(POLL_MS);
    }
    signal?.throwIfAborted();
  }

  /** An error that names the child and shows the end of its log. */
  async failure(what: string): Promise<LaunchError> {
    const log = await readFile(this.options.logFile, 'utf8').catch(() => '');
    const tail = log.trimEnd().split('\n').slice(-LOG_TAIL_LINES);
    return new LaunchError(
      `${this.options.name} ${what}. The end of ${this.options.logFile}:\n${tail.map((line) => `  ${line}`).join('\n')}`,
    );
  }

  /** Returns when the process is gone; one that does not end in time is killed. */
  async stop(): Promise<void> {
    if (!this.running) return;
    const { stopSignal, stopSeconds } = this.options;
    this.process.kill(stopSignal);
    const kill = setTimeout(() => this.process.kill('SIGKILL'), stopSeconds * 1000);
    await this.exited;
    clearTimeout(kill);
  }

  /** For the last moment of our own process, when nothing can be awaited any more. */
  stopNow(): void {
    if (this.running) this.process.kill(this.options.stopSignal);
  }
}
