import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = resolve(import.meta.dirname, '../fuzz');
const CACHE = resolve(HERE, '../../node_modules/.cache/schemathesis');
const MAX_OUTPUT_BYTES = 256 * 1024 ** 2;

export interface FuzzOptions {
  /** Of the service, without a path. */
  url: string;
  key: string;
  /** The same seed makes the same cases of the same document. */
  seed: number;
  /** Some of examples, coverage, fuzzing and stateful. */
  phases: readonly string[];
  /** Further arguments of the program. */
  args?: readonly string[];
}

export interface FuzzResult {
  passed: boolean;
  /** What the program said: every failure with the request that shows it, and how many cases there were. */
  output: string;
}

/** Runs Schemathesis against a service. Throws when it could not do its work. */
export async function fuzz(program: string, options: FuzzOptions): Promise<FuzzResult> {
  const { url, key, seed, phases, args = [] } = options;
  const config = ['--config-file', join(HERE, 'schemathesis.toml')];
  const call = [
    'run',
    `${url}/api/v1/openapi.json`,
    '--no-color',
    '--seed',
    String(seed),
    '--phases',
    phases.join(','),
  ];
  const credential = ['-H', `X-API-Key: ${key}`];
  const done = run(program, [...config, ...call, ...credential, ...args], {
    // It keeps notes in the folder that it runs in.
    cwd: CACHE,
    env: { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return await done.then(
    ({ stdout, stderr }) => ({ passed: true, output: stdout + stderr }),
    (error: unknown) => {
      // 1 is how it says that it found something; everything else means that it did not get to look.
      if (!isExit(error) || error.code !== 1) throw error;
      return { passed: false, output: error.stdout + error.stderr };
    },
  );
}

/**
 * The program in the versions of requirements.txt, installed below node_modules on first use; null when it is not there and
 * cannot be installed without asking.
 */
export async function findSchemathesis(): Promise<string | null> {
  const requirements = join(HERE, 'requirements.txt');
  const version = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const folder = join(CACHE, version);
  const program = join(folder, 'bin', 'schemathesis');
  if (await isThere(program)) return program;
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(CACHE, { recursive: true });
    await makeEnvironment(folder);
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--require-hashes',
      '-r',
      requirements,
    ];
    await run(join(folder, 'bin', 'python'), pip, { maxBuffer: MAX_OUTPUT_BYTES });
    return program;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    console.warn(`Schemathesis could not be installed, it needs Python 3.11 or newer: ${String(error)}`);
    return null;
  }
}

/** Debian keeps what `venv` needs in a package of its own. */
async function makeEnvironment(folder: string): Promise<void> {
  const make = async () => await run('python3', ['-m', 'venv', '--clear', folder]);
  await make().catch(async () => {
    const [program = '', ...prefix] = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run(program, [...prefix, 'update'], { env, maxBuffer: MAX_OUTPUT_BYTES });
    const packages = ['install', '-y', '--no-install-recommends', 'python3', 'python3-venv'];
    await run(program, [...prefix, ...packages], { env, maxBuffer: MAX_OUTPUT_BYTES });
    await make();
  });
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const isExit = (error: unknown): error is { code: number; stdout: string; stderr: string } =>
  error instanceof Error && 'code' in error && 'stdout' in error;
