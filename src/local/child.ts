import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { LaunchError } from './launch-error.js';

export interface ChildOptions {
  /** What people call it, for example `PostgreSQL`. */
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  user?: { uid: number; gid: number } | undefined;
  /** Overwritten at every start. The child writes to it directly, so that it outlives a launcher that was killed. */
  logFile: string;
  /** Written to the child's standard input, which is then closed. */
  input?: string;
  /** Asks the child to end in good order. */
  stopSignal: NodeJS.Signals;
  /** How long the child may take to end before it is killed. */
  stopSeconds: number;
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

  /** In a process group of its own: a Ctrl-C at the terminal reaches the launcher only, which then decides on the order. */
  static async start(options: ChildOptions): Promise<Child> {
    const log = openSync(options.logFile, 'w');
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
      const child = new Child(process, process.pid, options);
      process.stdin?.on('error', () => undefined).end(options.input);
      return child;
    } catch (error) {
      throw new LaunchError(`${options.name} could not be started (${options.command}): ${String(error)}`, {
        cause: error,
      });
    } finally {
      closeSync(log);
    }
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Resolves when `ready` answers true; fails when the child ends first or the time is over. */
  async waitUntil(ready: () => Promise<boolean>, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    let ended: string | undefined;
    void this.exited.then((how) => (ended = how));
    while (!(await ready())) {
      if (ended !== undefined) throw await this.failure(ended);
      if (Date.now() > deadline) throw await this.failure(`was not ready within ${String(seconds)} seconds`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
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
