import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { LaunchError } from './launch-error.js';

const run = promisify(execFile);
const SERVERS = ['redis-server', 'valkey-server'] as const;
const INSTALL_TIMEOUT_MS = 300_000;

interface PackageManager {
  command: string;
  /** Tried in order, until a server is there. */
  attempts: readonly (readonly (readonly string[])[])[];
  needsRoot: boolean;
}

const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    command: 'apt-get',
    // A fresh image has no package lists; elsewhere fetching them again would only cost time.
    attempts: [
      [['install', '-y', '--no-install-recommends', 'redis-server']],
      [['update'], ['install', '-y', '--no-install-recommends', 'redis-server']],
      [['install', '-y', '--no-install-recommends', 'valkey-server']],
    ],
    needsRoot: true,
  },
  { command: 'apk', attempts: [[['add', '--no-cache', 'redis']], [['add', '--no-cache', 'valkey']]], needsRoot: true },
  { command: 'dnf', attempts: [[['install', '-y', 'redis']], [['install', '-y', 'valkey']]], needsRoot: true },
  { command: 'brew', attempts: [[['install', 'redis']]], needsRoot: false },
];

/** Full path of a Redis or Valkey server, if there is one. */
export async function findRedis(): Promise<string | undefined> {
  for (const name of SERVERS) {
    const path = await findProgram(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** Installs a server by the system's package manager, as root or with a sudo that asks for no password. */
export async function installRedis(say: (line: string) => void): Promise<string> {
  for (const manager of PACKAGE_MANAGERS) {
    if ((await findProgram(manager.command)) === undefined) continue;
    const prefix = manager.needsRoot ? await rootPrefix() : [];
    if (prefix === undefined) throw missing(`sudo ${manager.command} ${manager.attempts[0]?.[0]?.join(' ') ?? ''}`);
    say(`There is no Redis here; installing one with ${[...prefix, manager.command].join(' ')} ...`);
    return installWith(manager, prefix);
  }
  throw missing('one of apt-get, dnf, apk or brew');
}

async function installWith(manager: PackageManager, prefix: readonly string[]): Promise<string> {
  let problem: unknown;
  for (const attempt of manager.attempts) {
    try {
      for (const args of attempt) await runAs(prefix, manager.command, args);
      const found = await findRedis();
      if (found !== undefined) return found;
    } catch (error) {
      problem = error;
    }
  }
  throw missing([...prefix, manager.command, ...(manager.attempts[0]?.[0] ?? [])].join(' '), problem);
}

async function runAs(prefix: readonly string[], command: string, args: readonly string[]): Promise<void> {
  const [program = command, ...rest] = [...prefix, command, ...args];
  await run(program, rest, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', HOMEBREW_NO_AUTO_UPDATE: '1' },
    timeout: INSTALL_TIMEOUT_MS,
    maxBuffer: 64 * 1024 ** 2,
  });
}

/** What stands before a command to run it as root; `undefined` when that is not possible without asking. */
async function rootPrefix(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  try {
    await run('sudo', ['-n', 'true']);
    return ['sudo', '-n'];
  } catch {
    return undefined; // No sudo, or one that asks for a password.
  }
}

function missing(command: string, cause?: unknown): LaunchError {
  const why = cause instanceof Error ? `\n${cause.message}` : '';
  return new LaunchError(
    `Redis is needed and could not be installed. Install it (${command}) or set REDIS_URL to a server of yours.${why}`,
    { cause },
  );
}

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ]) {
    if (folder === '') continue;
    const path = join(folder, name);
    const runnable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runnable) return path;
  }
  return undefined;
}
