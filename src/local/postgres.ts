import { execFile } from 'node:child_process';
import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { Child } from './child.js';
import { freePort } from './free-port.js';
import { LaunchError } from './launch-error.js';
import { processIdentity, processProgram } from './process-identity.js';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.js';

export interface PostgresOptions {
  /** Made when absent; kept. */
  dataDir: string;
  logFile: string;
  /** Used when it is free; any other else. */
  preferredPort?: number;
  password: string;
  /** For throwaway data: trades durability for speed. */
  throwaway?: boolean;
  signal?: AbortSignal;
  onSpawn?: (child: Child) => Promise<void>;
}

export interface RunningPostgres {
  child: Child;
  /** Of the maintenance database `postgres`; the user is a superuser. */
  url: string;
}

const USER = 'longhaul';
const START_SECONDS = 30;
const THROWAWAY_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300'];
const run = promisify(execFile);

/** Starts a private PostgreSQL on 127.0.0.1, over TCP only. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const user = await serverUser();
  const binaries = await postgresBinaries(user !== undefined);
  if (!(await exists(join(options.dataDir, 'PG_VERSION')))) await initialise(binaries, options, user);
  await removeStalePidFile(join(options.dataDir, 'postmaster.pid'));
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    ...(options.throwaway ? THROWAWAY_SETTINGS : []),
  ];
  // Chosen at the last moment: setting up the folder takes long enough for somebody else to take the port.
  const port = await freePort(options.preferredPort);
  const url = `postgresql://${USER}:${options.password}@127.0.0.1:${port}/postgres`;
  const child = await Child.start({
    name: 'PostgreSQL',
    command: binaries.postgres,
    args: ['-D', dataFolder(options.dataDir, user), '-p', String(port), ...settings.flatMap((one) => ['-c', one])],
    cwd: options.dataDir,
    user,
    logFile: options.logFile,
    stopSignal: 'SIGINT', // PostgreSQL's fast shutdown: SIGTERM would wait for every client to leave.
    stopSeconds: 20,
    ready: () => answers(url),
    startSeconds: START_SECONDS,
    signal: options.signal,
    onSpawn: options.onSpawn,
  });
  return { child, url };
}

/** Makes the database when it is not there; returns its URL. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  const url = new URL(adminUrl);
  url.pathname = name;
  return url.href;
}

/** Made beside its place and moved there whole, so that a start that was cut off leaves no half cluster. */
async function initialise(
  binaries: PostgresBinaries,
  options: PostgresOptions,
  user: ServerUser | undefined,
): Promise<void> {
  const unfinished = `${options.dataDir}.new`;
  const secrets = await mkdtemp(join(tmpdir(), 'longhaul-initdb-'));
  const passwordFile = join(secrets, 'password');
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    await writeFile(passwordFile, options.password, { mode: 0o600 });
    if (user) for (const path of [unfinished, secrets, passwordFile]) await chown(path, user.uid, user.gid);
    const encoding = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = [`--username=${USER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    const speed = options.throwaway ? ['--no-sync'] : [];
    const args = ['-D', dataFolder(unfinished, user), ...encoding, ...access, ...speed];
    await run(binaries.initdb, args, { cwd: unfinished, ...user });
    await rename(unfinished, options.dataDir);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw new LaunchError(`PostgreSQL could not set up ${options.dataDir}: ${String(error)}`, { cause: error });
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

/**
 * PostgreSQL refuses to start while any process has the id that a killed server wrote here, be it another program that
 * got the number later or a dead process that nobody collected. Its own processes keep the refusal.
 */
async function removeStalePidFile(file: string): Promise<void> {
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (!(pid > 0)) return;
  const alive = (await processIdentity(pid)) !== undefined;
  if (alive && (await processProgram(pid))?.includes('postgres')) return;
  await rm(file, { force: true });
}

interface ServerUser {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root. `nobody` is there on every system, so that none has to be added. */
async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = await readFile('/etc/passwd', 'utf8');
  const [, , uid, gid] =
    users
      .split('\n')
      .find((line) => line.startsWith('nobody:'))
      ?.split(':') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new LaunchError('PostgreSQL does not run as root and there is no user "nobody". Start as another user.');
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** As another user PostgreSQL may lack the right to walk down to its folder (below /root, say); its working folder needs none. */
function dataFolder(path: string, user: ServerUser | undefined): string {
  return user && process.platform === 'linux' ? '/proc/self/cwd' : path;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false; // Not up yet: the caller asks again until its time is over.
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
