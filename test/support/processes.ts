import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Child } from '../../src/local/child.js';
import { freePort } from '../../src/local/free-port.js';
import { RUNTIME } from '../../src/local/runtime.js';
import { withTinyDisk } from './tiny-disk.js';

const DIST = resolve(import.meta.dirname, '../../dist');
const START_SECONDS = 60;
/** Longer than a drain takes. */
const STOP_SECONDS = 20;

export type Environment = Readonly<Record<string, string>>;

/** A file system of its own, which only this process sees. */
export interface TinyDisk {
  /** Default: the scratch folder. */
  folder?: string;
  megabytes: number;
}

interface Kind {
  name: string;
  script: string;
  portVariable: 'PORT' | 'WORKER_PORT';
  disk?: TinyDisk | undefined;
}

export const API: Kind = { name: 'API', script: 'main.js', portVariable: 'PORT' };
export const WORKER: Kind = { name: 'Worker', script: 'worker.js', portVariable: 'WORKER_PORT' };

/** The built API or worker as a real process, with a scratch folder of its own. */
export class ServiceProcess {
  private constructor(
    readonly child: Child,
    readonly url: string,
    private readonly scratch: string,
  ) {}

  static async start(kind: Kind, folder: string, environment: Environment): Promise<ServiceProcess> {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const scratch = join(folder, 'scratch');
    await mkdir(scratch, { recursive: true });
    const { disk } = kind;
    const prefix = disk ? withTinyDisk(disk.folder ?? scratch, disk.megabytes) : [];
    const [command, ...args] = [...prefix, process.execPath, join(DIST, kind.script)];
    const child = await Child.start({
      name: kind.name,
      command,
      args,
      env: {
        ...RUNTIME,
        PATH: process.env['PATH'],
        PUBLIC_URL: url,
        SCRATCH_DIR: scratch,
        ...environment,
        [kind.portVariable]: port,
      },
      logFile: join(folder, 'log'),
      stopSignal: 'SIGTERM',
      stopSeconds: STOP_SECONDS,
      ready: () =>
        fetch(`${url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      startSeconds: START_SECONDS,
    });
    return new ServiceProcess(child, url, scratch);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.child.pid, signal);
  }

  /** `kill -9`: returns when the process is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.child.exited;
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }

  async log(): Promise<string> {
    return await readFile(this.child.options.logFile, 'utf8');
  }

  /** Where files of attempts and renders are. */
  get processesFolder(): string {
    return join(this.scratch, 'processes');
  }

  /** Files of attempts and renders that are in the scratch folder; caches of datasets and pages do not count. */
  async filesOfAttempts(): Promise<string[]> {
    return await filesBelow(this.processesFolder);
  }

  /** Clock ticks (10 ms) of processor time so far, of the process and of the children that it has now. */
  async processorTicks(): Promise<number> {
    const ticks = [this.child.pid, ...(await this.children())].map(async (pid) => {
      const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
      // The name in brackets may have spaces; utime and stime are fields 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return stat === '' ? 0 : Number(fields[11]) + Number(fields[12]);
    });
    return (await Promise.all(ticks)).reduce((sum, one) => sum + one, 0);
  }

  /** Process ids of the engines that it has started, and of nothing else. */
  async children(): Promise<number[]> {
    const pid = String(this.child.pid);
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  }

  /** Most memory that was resident at once, in MB. */
  async peakMemoryMb(): Promise<number> {
    const status = await readFile(`/proc/${String(this.child.pid)}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** What it and its children hold now, in MB; pages that several processes share count once, as in a container. */
  async treeMemoryMb(): Promise<number> {
    const sizes = [this.child.pid, ...(await this.children())].map(async (pid) => {
      const rollup = await readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8').catch(() => 'Pss: 0 kB');
      return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) / 1024;
    });
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }
}

/** Every file below a folder; none if it is not there. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
