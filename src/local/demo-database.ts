import pg from 'pg';
import { demoOrders } from './demo-orders.js';
import { ensureDatabase } from './postgres.js';

const NAME = 'demo';

/**
 * Puts the demo orders into a database of their own, for a user that can only read them. `serverUrl`: any database of the server,
 * as its superuser. Returns the URL that exports may read.
 */
export async function loadDemoDatabase(serverUrl: string, password: string): Promise<string> {
  const url = await ensureDatabase(serverUrl, NAME);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ there: boolean }>(`SELECT to_regclass('orders') IS NOT NULL AS there`);
    if (rows[0]?.there !== true) await load(client, password);
  } finally {
    await client.end();
  }
  const reader = new URL(url);
  reader.username = NAME;
  reader.password = password;
  return reader.href;
}

async function load(client: pg.Client, password: string): Promise<void> {
  await client.query('BEGIN');
  await client.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY, ordered_at timestamptz NOT NULL, customer text NOT NULL,
      amount numeric(12, 2) NOT NULL, currency char(3) NOT NULL, country char(2) NOT NULL, status text NOT NULL,
      paid boolean NOT NULL, note text, shipping jsonb NOT NULL)`);
  await client.query('INSERT INTO orders SELECT * FROM json_populate_recordset(NULL::orders, $1)', [
    JSON.stringify(demoOrders()),
  ]);
  await client.query(`DROP ROLE IF EXISTS ${NAME}`);
  await client.query(`CREATE ROLE ${NAME} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
  await client.query(`ALTER ROLE ${NAME} SET default_transaction_read_only = on`);
  await client.query(`GRANT SELECT ON orders TO ${NAME}`);
  await client.query('COMMIT');
}
