import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import mysql, { type Connection } from 'mysql2/promise';
import { Child } from '../../src/local/child.js';
import { freePort } from '../../src/local/free-port.js';

const run = promisify(execFile);
const PASSWORD = 'only-for-tests';
const START_SECONDS = 60;

export interface MariaDb {
  /** Of the database `shop`; the user may do everything in it, and nothing else. */
  url: string;
  /** A connection of the administrator. */
  connect(): Promise<Connection>;
  stop(): Promise<void>;
}

/** A private, empty server on 127.0.0.1; null when there is none and none can be installed without asking. */
export async function startMariaDb(): Promise<MariaDb | null> {
  const programs = (await findPrograms()) ?? (await install());
  if (programs === null) {
    console.warn('MariaDB is not here, so exports from MySQL are not tested. apt-get install mariadb-server-core');
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), 'longhaul-mariadb-'));
  const data = join(folder, 'data');
  await mkdir(data);
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ['--user=root'] : [];
  const none = ['--no-defaults'];
  await run(programs.install, [
    ...none,
    ...user,
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const port = await freePort();
  const socket = join(folder, 's');
  const settings = [
    ...[
      '--bind-address=127.0.0.1',
      `--port=${String(port)}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, 'pid')}`,
    ],
    ...['--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=64M', '--skip-log-bin', '--skip-name-resolve'],
  ];
  const connect = () => mysql.createConnection({ socketPath: socket, user: 'root', multipleStatements: true });
  const child = await Child.start({
    name: 'MariaDB',
    command: programs.server,
    args: [...none, ...user, `--datadir=${data}`, ...settings],
    logFile: join(folder, 'log'),
    stopSignal: 'SIGTERM',
    stopSeconds: 20,
    startSeconds: START_SECONDS,
    ready: () =>
      connect().then(
        (connection) => connection.end().then(() => true),
        () => false,
      ),
  });
  const stopNow = (): void => {
    child.stopNow();
  };
  process.once('exit', stopNow);
  const admin = await connect();
  await admin.query(`CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE USER reader IDENTIFIED BY '${PASSWORD}';
    GRANT ALL ON shop.* TO reader`);
  await admin.end();
  return {
    url: `mysql://reader:${PASSWORD}@127.0.0.1:${String(port)}/shop`,
    connect,
    stop: async () => {
      await child.stop();
      process.off('exit', stopNow);
      await rm(folder, { recursive: true });
    },
  };
}

interface Programs {
  server: string;
  install: string;
}

async function findPrograms(): Promise<Programs | null> {
  const server = await find('mariadbd');
  const install = await find('mariadb-install-db');
  return server === null || install === null ? null : { server, install };
}

/** By Debian's package manager, as root or with a sudo that asks for no password. The package starts no server of its own. */
async function install(): Promise<Programs | null> {
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const packages = ['install', '-y', '--no-install-recommends', 'mariadb-server-core', 'mariadb-client-core'];
  for (const steps of [[packages], [['update'], packages]]) {
    try {
      for (const step of steps) {
        const [program = '', ...args] = [...prefix, 'apt-get', ...step];
        await run(program, args, {
          env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
          maxBuffer: 64 * 1024 ** 2,
        });
      }
      const programs = await findPrograms();
      if (programs !== null) return programs;
    } catch (error) {
      console.warn(`MariaDB could not be installed: ${String(error)}`);
    }
  }
  return null;
}

async function find(name: string): Promise<string | null> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin']) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}
