import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { processIdentity } from '../../src/local/process-identity.js';

const GREETING = 'Longhaul runs';

/** The built launcher as a real process; everything it needs it has to bring itself. */
class Launch {
  readonly exited: Promise<unknown[]>;
  output = '';

  constructor(readonly process: ChildProcess) {
    this.exited = once(process, 'exit');
    for (const stream of [process.stdout, process.stderr]) {
      stream!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  async up(): Promise<string> {
    const ended = this.exited.then(() => 'ended');
    while (!this.output.includes(GREETING)) {
      if ((await Promise.race([once(this.process.stdout!, 'data'), ended])) === 'ended') throw new Error(this.output);
    }
    return /Swagger UI +(\S+)\/api\/v1\/docs/.exec(this.output)![1]!;
  }

  async end(signal: NodeJS.Signals): Promise<unknown> {
    this.process.kill(signal);
    return (await this.exited)[0];
  }
}

describe('npm start', () => {
  let dataDir: string;
  let launches: Launch[];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'longhaul-local-'));
    launches = [];
  });

  afterEach(async () => {
    await Promise.all(launches.map((launch) => launch.end('SIGTERM')));
    await rm(dataDir, { recursive: true });
  });

  it('runs a report, refuses a second start, and stops without a trace', async () => {
    const first = launch();
    const url = await first.up();
    expect((await fetch(`${url}/api/v1/docs`)).status).toBe(200);
    expect(await runPrintedReport(first)).toMatchObject({ status: 'completed', total_rows: 300 });

    const second = launch();
    expect((await second.exited)[0]).toBe(1);
    expect(second.output).toContain('already runs on the data folder');

    const pids = await runningPids();
    expect(pids).toHaveLength(4);
    expect(await first.end('SIGINT')).toBe(0);
    expect(await Promise.all(pids.map(processIdentity))).toEqual(pids.map(() => undefined));
  });

  it('recovers from being killed and finds the earlier runs', async () => {
    const first = launch();
    await first.up();
    const { report_id: id } = await runPrintedReport(first);
    const leftover = await runningPids();
    await first.end('SIGKILL');

    const second = launch();
    const url = await second.up();
    expect(second.output).toContain('Ended what an earlier start left running');
    expect(await Promise.all(leftover.map(processIdentity))).toEqual(leftover.map(() => undefined));
    expect(await getJson(`${url}/api/v1/reports/${id}`, second)).toMatchObject({ status: 'completed' });
  });

  it('starts a worker again that was killed, and its runs go on', async () => {
    const first = launch();
    await first.up();
    const { pid } = (await processes()).find(({ name }) => name === 'Worker')!;
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(first.output).toContain('Worker was ended by SIGKILL; it is started again.'), {
      timeout: 20_000,
    });
    await runPrintedReport(first);
    const pids = await runningPids();
    expect(await first.end('SIGINT')).toBe(0);
    expect(await Promise.all(pids.map(processIdentity))).toEqual(pids.map(() => undefined));
  });

  it('says which process died, with the end of its log', async () => {
    const first = launch();
    await first.up();
    const { pid } = (await processes()).find(({ name }) => name === 'Redis')!;
    process.kill(pid, 'SIGKILL');
    expect((await first.exited)[0]).toBe(1);
    expect(first.output).toMatch(/Redis was ended by SIGKILL\. The end of .*redis\.log:/);
  });

  function launch(): Launch {
    const own = { PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: dataDir };
    const child = spawn(process.execPath, ['dist/local.js'], { env: own, stdio: ['ignore', 'pipe', 'pipe'] });
    const started = new Launch(child);
    launches.push(started);
    return started;
  }

  /** What the `curl` on the screen does. */
  async function runPrintedReport({ output }: Launch): Promise<{ report_id: string }> {
    const [, url, key, body] = /curl -s '(\S+)' -H 'X-API-Key: (\S+)' .* -d '(.*)'/.exec(output)!;
    const response = await fetch(url!, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key! },
      body: body!,
    });
    expect(response.status).toBe(200);
    return (await response.json()) as { report_id: string };
  }

  async function getJson(url: string, { output }: Launch): Promise<unknown> {
    const key = /API key +(\S+)/.exec(output)![1]!;
    return (await fetch(url, { headers: { 'x-api-key': key } })).json();
  }

  async function processes(): Promise<{ name: string; pid: number }[]> {
    return JSON.parse(await readFile(join(dataDir, 'processes.json'), 'utf8')) as { name: string; pid: number }[];
  }

  async function runningPids(): Promise<number[]> {
    return (await processes()).map(({ pid }) => pid);
  }
});
