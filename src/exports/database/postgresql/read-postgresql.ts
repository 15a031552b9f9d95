import type { DatabaseReader, ReadJob, ReadTable } from '../database-reader.js';
import { DatabaseKind } from '../database-url.js';
import { withoutTerminator } from '../one-statement.js';
import { checkColumnNames } from '../staged-table.js';
import { SourceFailed } from '../../sources/source-errors.js';
import { toSourceFailed } from './postgresql-errors.js';
import { PostgresSession } from './postgresql-session.js';
import {
  isDecimal,
  isTemporal,
  mayBeArray,
  toTextColumn,
  type Oddities,
  type PostgresField,
} from './postgresql-types.js';

/** The server waits so long for a lock of somebody else's. */
const LOCK_TIMEOUT_MS = 30_000;
/** Beyond the deadline of the run, whose own reason says more than the server's. */
const GRACE_MS = 2_000;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Reads by `COPY … TO STDOUT`: the rows pass as bytes. */
export const readPostgresql: DatabaseReader = async (job) => {
  const failing = new AbortController();
  const signal = AbortSignal.any([job.signal, failing.signal]);
  const sql = withoutTerminator(job.query, DatabaseKind.Postgresql);
  let session: PostgresSession | undefined;
  try {
    session = await PostgresSession.open(job, signal);
    return await read(session, job, {
      sql,
      onFailure: (error) => {
        failing.abort(error);
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw toSourceFailed(error, { name: job.name, sql });
  } finally {
    await session?.end();
  }
};

async function read(
  session: PostgresSession,
  job: ReadJob,
  { sql, onFailure }: { sql: string; onFailure: (error: unknown) => void },
): Promise<ReadTable> {
  const server = await begin(session, job);
  // Alone first: what the server takes for one statement cannot close the bracket of the next one.
  const fields = await session.describe(sql);
  if (fields === null || fields.length === 0) throw new SourceFailed('The query must be one SELECT that has columns.');
  checkColumnNames(fields.map(({ name }) => name));
  const arrays = await findArrays(session, fields);
  const seen: Oddities = { nan: false, bc: false };
  const rows = await session.copyOut({
    text: `COPY (\n${withArraysAsJson(sql, fields, arrays)}\n) TO STDOUT`,
    file: job.file,
    isOnlyColumn: fields.length === 1,
    watch: { nan: fields.some(isDecimal), bc: fields.some(isTemporal) },
    seen,
    onFailure,
  });
  await session.query('COMMIT');
  const columns = fields.map((field) => toTextColumn(field, { isArray: arrays.has(field.typeId), seen }));
  return { columns, rows, server, warnings: [] };
}

/** One snapshot for all that follows, nothing written, and values in the forms that are read back. Returns the server's version. */
async function begin(session: PostgresSession, { deadline, refuseAdministrators, name }: ReadJob): Promise<string> {
  const left = deadline === null ? 0 : Math.max(deadline.getTime() - Date.now(), 0) + GRACE_MS;
  await session.query(
    [
      'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY',
      `SET LOCAL statement_timeout = ${String(Math.min(left, MAX_TIMEOUT_MS))}`,
      `SET LOCAL lock_timeout = ${String(LOCK_TIMEOUT_MS)}`,
      `SET LOCAL timezone = 'UTC'`,
      `SET LOCAL datestyle = 'ISO, YMD'`,
      `SET LOCAL intervalstyle = 'postgres'`,
      `SET LOCAL bytea_output = 'hex'`,
      `SET LOCAL extra_float_digits = 1`,
      `SET LOCAL standard_conforming_strings = on`,
    ].join('; '),
  );
  const [about] = await session.query<{ version: string; administrator: string }>(
    `SELECT version() AS version, current_setting('is_superuser') AS administrator`,
  );
  if (refuseAdministrators && about?.administrator !== 'off') {
    throw new SourceFailed(
      `The user of ${name} is a superuser. Export with a role that may only read the tables it needs.`,
    );
  }
  return /^\S+(?: \S+)*? v?[\d.]+/.exec(about?.version ?? '')?.[0] ?? 'PostgreSQL';
}

async function findArrays(session: PostgresSession, fields: readonly PostgresField[]): Promise<Set<number>> {
  const asked = fields.filter(mayBeArray).map(({ typeId }) => typeId);
  if (asked.length === 0) return new Set();
  const rows = await session.query<{ id: string }>(
    `SELECT oid::text AS id FROM pg_catalog.pg_type WHERE typcategory = 'A' AND oid::text = ANY($1)`,
    [asked.map(String)],
  );
  return new Set(rows.map(({ id }) => Number(id)));
}

/** The server's own text of an array has quotes and brackets that no other program reads. */
function withArraysAsJson(sql: string, fields: readonly PostgresField[], arrays: ReadonlySet<number>): string {
  if (arrays.size === 0) return sql;
  const names = fields.map((_, index) => `c${String(index)}`);
  const values = fields.map(({ typeId }, index) => {
    const name = `c${String(index)}`;
    return arrays.has(typeId) ? `pg_catalog.to_json(${name})` : name;
  });
  return `SELECT ${values.join(', ')} FROM (\n${sql}\n) AS source (${names.join(', ')})`;
}
