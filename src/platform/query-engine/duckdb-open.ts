import { mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { toQueryError } from './duckdb-errors.js';
import { DuckDbSession } from './duckdb-session.js';
import { SPILL_FOLDER } from './spill-folder.js';
import { MACROS } from './macros.js';
import type { QueryLimits, QuerySession, SessionOptions } from './query-engine.js';
import { quoteText } from './statement-text.js';

/** Session options whose limits are known. */
export type OpenOptions = SessionOptions & { limits: QueryLimits };

/** One DuckDB instance per session, so that a session can neither starve nor see another. */
export async function openDuckDb(options: OpenOptions): Promise<QuerySession> {
  const { limits, signal, timeZone = 'UTC' } = options;
  signal?.throwIfAborted();
  // The engine compares real paths: a link in the way would shut the session out of its own folder.
  const directory = await realpath(options.directory);
  const spillDirectory = join(directory, SPILL_FOLDER);
  await mkdir(spillDirectory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', settingsOf(limits, spillDirectory));
  try {
    const connection = await instance.connect();
    await shutIn(connection, { directory, spillMb: limits.spillMb, timeZone });
    const folderNames = [directory, resolve(options.directory)];
    return new DuckDbSession({ instance, connection, directory, folderNames, spillDirectory, limits, signal });
  } catch (error) {
    instance.closeSync();
    throw toQueryError(error, { limits, directory });
  }
}

function settingsOf(limits: QueryLimits, spillDirectory: string): Record<string, string> {
  return {
    memory_limit: `${String(limits.memoryMb)}MB`,
    threads: String(limits.threads),
    temp_directory: spillDirectory,
    preserve_insertion_order: 'true',
    errors_as_json: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
    // Files are local, and pages of results are read from files that still fill up.
    enable_external_file_cache: 'false',
    extension_directory: spillDirectory,
  };
}

/** From here on statements reach the folder and nothing else, and cannot change that. */
async function shutIn(
  connection: DuckDBConnection,
  { directory, spillMb, timeZone }: { directory: string; spillMb: number; timeZone: string },
): Promise<void> {
  const statements = [
    // Progress is counted only where a progress bar would be shown.
    'SET enable_progress_bar = true',
    'SET enable_progress_bar_print = false',
    'SET progress_bar_time = 0',
    `SET TimeZone = ${quoteText(timeZone)}`,
    // Given when the instance is made, this limit is shown but not kept (DuckDB 1.5.6).
    `SET max_temp_directory_size = '${String(spillMb)}MB'`,
    ...MACROS,
    `SET allowed_directories = [${quoteText(directory)}]`,
    'SET enable_external_access = false',
    'SET lock_configuration = true',
  ];
  for (const statement of statements) await connection.run(statement);
}
