import pg from 'pg';
import { expect } from 'vitest';

/** Of nobody else on a database that one test has for itself. */
const LOCK = 815;
const WAITING = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;

/** Holds back the statement by which a worker brings the first attempt of a run into a status. */
export class Halt {
  private constructor(private readonly sql: pg.Client) {}

  static async at(databaseUrl: string, status: 'running' | 'completed'): Promise<Halt> {
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    await sql.query(`SELECT pg_advisory_lock(${String(LOCK)})`);
    await sql.query(`
      CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(${String(LOCK)}); RETURN NEW; END $$;
      CREATE TRIGGER halt BEFORE UPDATE ON runs FOR EACH ROW
        WHEN (OLD.status <> NEW.status AND NEW.status = '${status}' AND NEW.attempt = 1) EXECUTE FUNCTION halt()`);
    return new Halt(sql);
  }

  async reached(): Promise<void> {
    await expect.poll(() => this.waiting(), { interval: 10, timeout: 60_000 }).toBe(1);
  }

  /** The statement never happens, or happens now, whether or not who sent it still lives. */
  async end(outcome: 'lost' | 'done'): Promise<void> {
    if (outcome === 'lost') {
      await this.sql.query(`SELECT pg_terminate_backend(pid, 10000) FROM (${WAITING}) AS waiting`);
    }
    await this.sql.query(`SELECT pg_advisory_unlock(${String(LOCK)})`);
    await expect.poll(() => this.waiting(), { interval: 10 }).toBe(0);
    await this.sql.query('DROP FUNCTION halt() CASCADE');
    await this.sql.end();
  }

  private async waiting(): Promise<number> {
    return (await this.sql.query(WAITING)).rowCount ?? 0;
  }
}
