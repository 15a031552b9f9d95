import { SourceFailed } from '../../sources/source-errors.js';
import type { DatabaseReader, ReadJob, ReadTable } from '../database-reader.js';
import { DatabaseKind } from '../database-url.js';
import { withoutTerminator } from '../one-statement.js';
import { checkColumnNames } from '../staged-table.js';
import { toSourceFailed } from './mysql-errors.js';
import { MysqlSession } from './mysql-session.js';
import { toMysqlColumn, type MysqlColumn } from './mysql-types.js';
import { RowWriter } from './row-writer.js';

const LOCK_TIMEOUT_SECONDS = 30;
/** How long the server waits for us to take what it sends. */
const WRITE_TIMEOUT_SECONDS = 600;
/** Beyond the deadline of the run, whose own reason says more than the server's. */
const GRACE_MS = 2_000;

/** Reads by the text protocol: the bytes of each value go into the file without becoming values of ours. */
export const readMysql: DatabaseReader = async (job) => {
  const failing = new AbortController();
  const signal = AbortSignal.any([job.signal, failing.signal]);
  let session: MysqlSession | undefined;
  try {
    session = await MysqlSession.open(job, signal);
    const table = await read(session, job, (error) => {
      failing.abort(error);
    });
    signal.throwIfAborted();
    return table;
  } catch (error) {
    signal.throwIfAborted();
    throw toSourceFailed(error, job.name);
  } finally {
    session?.end();
  }
};

async function read(session: MysqlSession, job: ReadJob, onFailure: (error: unknown) => void): Promise<ReadTable> {
  const sql = withoutTerminator(job.query, DatabaseKind.Mysql);
  const server = await begin(session, job);
  // Alone first: what the server takes for one statement cannot close the bracket of the next one.
  await session.prepare(sql);
  // A subquery is a SELECT that gives rows: nothing that writes a file, a variable or a table.
  await session.prepare(`SELECT * FROM (\n${sql}\n) AS source`);
  let columns: MysqlColumn[] = [];
  let writer = new RowWriter(columns);
  const rows = await session.stream(sql, {
    fields: (fields) => {
      columns = fields.map(toMysqlColumn);
      writer = new RowWriter(columns);
      attempt(onFailure, () => {
        checkColumnNames(columns.map(({ name }) => name));
      });
    },
    row: (values, resume) => {
      const goesOn = attempt(onFailure, () => job.file.addRow(writer.write(values))) ?? true;
      if (!goesOn) job.file.drained(resume);
      return goesOn;
    },
  });
  return { columns, rows, server, warnings: warningsOf(columns, writer) };
}

/** The driver calls back from inside its parser, where nothing may be thrown. */
function attempt<T>(onFailure: (error: unknown) => void, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    onFailure(error);
    return undefined;
  }
}

function warningsOf(columns: readonly MysqlColumn[], { impossibleDays }: RowWriter): string[] {
  return columns.flatMap(({ name, warning }, index) => {
    const count = impossibleDays[index] ?? 0;
    const days = `${name}: ${String(count)} values are days that do not exist, such as 0000-00-00; they are NULL.`;
    return [...(warning === undefined ? [] : [warning]), ...(count === 0 ? [] : [days])];
  });
}

/** One snapshot for all that follows, and nothing written. Returns the server's version. */
async function begin(session: MysqlSession, job: ReadJob): Promise<string> {
  const [about] = await session.query('SELECT VERSION() AS version');
  const version = String(about?.['version']);
  const isMariaDb = /mariadb/i.test(version);
  if (job.refuseAdministrators) await refuseAdministrator(session, job.name);
  const settings = [
    `time_zone = '+00:00'`,
    `lock_wait_timeout = ${String(LOCK_TIMEOUT_SECONDS)}`,
    `net_write_timeout = ${String(WRITE_TIMEOUT_SECONDS)}`,
    ...(job.deadline === null ? [] : [timeLimit(job.deadline, isMariaDb)]),
  ];
  await session.query(`SET SESSION ${settings.join(', SESSION ')}`);
  await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  return `${isMariaDb ? 'MariaDB' : 'MySQL'} ${/^[\d.]+/.exec(version)?.[0] ?? ''}`;
}

/** The two servers name and count it differently. */
function timeLimit(deadline: Date, isMariaDb: boolean): string {
  const left = Math.max(deadline.getTime() - Date.now(), 0) + GRACE_MS;
  return isMariaDb ? `max_statement_time = ${String(left / 1000)}` : `max_execution_time = ${String(left)}`;
}

/** FILE reads files of the server inside of a SELECT. */
async function refuseAdministrator(session: MysqlSession, name: string): Promise<void> {
  const rows = await session.query(
    `SELECT privilege_type FROM information_schema.user_privileges WHERE privilege_type IN ('FILE', 'SUPER') LIMIT 1`,
  );
  if (rows.length === 0) return;
  throw new SourceFailed(
    `The user of ${name} has the privilege FILE or SUPER. Export with a user that may only read the tables it needs.`,
  );
}
