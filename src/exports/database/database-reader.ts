import type { LookupFunction } from 'node:net';
import type { DatabaseAddress } from './database-url.js';
import type { TextColumn } from './staged-table.js';
import type { TableFile } from './table-file.js';

/** What is read, from where, and into which file. */
export interface ReadJob {
  address: DatabaseAddress;
  /** How the address is called in errors; never its host, user or password. */
  name: string;
  /** Names resolve by it, so that the socket goes to an address that was checked. Absent for configured connections. */
  lookup: LookupFunction | undefined;
  /** For URLs of clients: users that may read files of the server or change its settings are turned away. */
  refuseAdministrators: boolean;
  query: string;
  file: TableFile;
  signal: AbortSignal;
  /** When the run must have ended. */
  deadline: Date | null;
}

/** What is in the file afterwards. */
export interface ReadTable {
  columns: readonly TextColumn[];
  /** Rows that the server says it has sent. */
  rows: number;
  /** Name and version of the server. */
  server: string;
  warnings: readonly string[];
}

/** Reads the rows of one SELECT, in one read-only snapshot. Throws `SourceFailed`; after an abort the query has ended at the server. */
export type DatabaseReader = (job: ReadJob) => Promise<ReadTable>;
