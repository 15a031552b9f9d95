import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A command that gives what follows it a real file system of so many megabytes at a folder, which only that process sees (Linux).
 * It needs user namespaces, but no root.
 */
export const withTinyDisk = (folder: string, megabytes: number): string[] => [
  'unshare',
  '--map-root-user',
  '--mount',
  'sh',
  '-c',
  `mount -t tmpfs -o size=${String(megabytes)}m tmpfs "$0" && exec "$@"`,
  folder,
];

/** Whether this machine lets a process have one. */
export async function hasTinyDisks(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'disk-'));
  const [command = '', ...args] = withTinyDisk(folder, 1);
  try {
    await run(command, [...args, 'true']);
    return true;
  } catch {
    return false; // Whoever asks says that the test is skipped.
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The path of a file on the disk of a process, as others see it. */
export const seenBy = (pid: number, path: string): string => `/proc/${String(pid)}/root${path}`;

/** Takes away all space but so many bytes; returns what gives it back. */
export async function fill(pid: number, folder: string, bytes: number): Promise<() => Promise<void>> {
  const ballast = seenBy(pid, join(folder, 'ballast'));
  await writeFile(ballast, Buffer.alloc(bytes));
  return () => rm(ballast);
}
