import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
// Fields of /proc/<pid>/stat counted from the one after the command: proc(5).
const STATE = 0;
const START_TIME = 19;

/**
 * Something that tells a process from a later one with the same id: when it started. `undefined` when there is none, or
 * it has ended and only waits to be collected.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

/** Name of the program that a process runs. */
export async function processProgram(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined))?.trim();
  }
  const output = await run('ps', ['-o', 'comm=', '-p', String(pid)]).catch(() => undefined);
  return output?.stdout.trim();
}

async function fromProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command stands in brackets and may itself contain some.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[STATE] === 'Z' ? undefined : fields?.[START_TIME];
}

async function fromPs(pid: number): Promise<string | undefined> {
  const output = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]).catch(() => undefined);
  const line = output?.stdout.trim() ?? '';
  return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
}
