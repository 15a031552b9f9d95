import mysql, { type Connection, type FieldPacket, type RowDataPacket } from 'mysql2';
import type { Socket } from 'node:net';
import { TlsMode } from '../database-url.js';
import { CANCEL_PATIENCE_MS, CONNECT_TIMEOUT_MS, openSocket, tlsOptions } from '../database-socket.js';
import type { ReadJob } from '../database-reader.js';

type Target = Pick<ReadJob, 'address' | 'lookup' | 'name'>;

/** Who takes the rows of a query. */
export interface RowReceiver {
  fields(fields: readonly FieldPacket[]): void;
  /** False: no more rows until `resume` is called. */
  row(row: readonly (Buffer | null)[], resume: () => void): boolean;
}

/** One connection that ends with its signal: what runs is killed at the server first, then the connection is cut. */
export class MysqlSession {
  private patience: NodeJS.Timeout | undefined;
  /** The signal's own answer costs more than the row that it is asked for. */
  private stopped = false;
  private readonly onAbort = (): void => {
    this.stopped = true;
    this.connection.resume();
    void this.kill();
    this.patience = setTimeout(() => this.socket.destroy(), CANCEL_PATIENCE_MS);
  };

  private constructor(
    private readonly target: Target,
    private readonly signal: AbortSignal,
    private readonly connection: Connection,
    private readonly socket: Socket,
  ) {}

  /** Connects and logs in. */
  static async open(target: Target, signal: AbortSignal): Promise<MysqlSession> {
    const { connection, socket } = await connect(target);
    const session = new MysqlSession(target, signal, connection, socket);
    signal.addEventListener('abort', session.onAbort);
    try {
      signal.throwIfAborted();
      await session.whileOpen<undefined>((done) => {
        connection.connect((error) => {
          done(error, undefined);
        });
      });
      return session;
    } catch (error) {
      session.end();
      throw error;
    }
  }

  async query(sql: string): Promise<RowDataPacket[]> {
    return await this.whileOpen((done) => this.connection.query<RowDataPacket[]>(sql, done));
  }

  /** Has the server parse a text without running it: it takes one statement only. */
  async prepare(sql: string): Promise<void> {
    await this.whileOpen<undefined>((done) => {
      this.connection.prepare(sql, (error, statement) => {
        if (!error) statement.close();
        done(error, undefined);
      });
    });
  }

  /** Runs one statement. Values come as the bytes that the server sends. Returns the number of rows. */
  async stream(sql: string, receiver: RowReceiver): Promise<number> {
    let rows = 0;
    const resume = (): void => {
      this.connection.resume();
    };
    return await this.whileOpen<number>((done) => {
      const query = this.connection.query({ sql, rowsAsArray: true, typeCast: false });
      query.on('error', (error) => {
        done(error, rows);
      });
      query.on('fields', (fields: readonly FieldPacket[]) => {
        receiver.fields(fields);
      });
      query.on('result', (row: readonly (Buffer | null)[]) => {
        rows += 1;
        if (!this.stopped && !receiver.row(row, resume)) this.connection.pause();
      });
      query.on('end', () => {
        done(null, rows);
      });
    });
  }

  /** Ends the connection, and with it the transaction. Safe after any failure. */
  end(): void {
    this.signal.removeEventListener('abort', this.onAbort);
    clearTimeout(this.patience);
    this.connection.destroy();
    this.socket.destroy();
  }

  /** The driver forgets to tell some of what waits that the connection has gone. */
  private async whileOpen<T>(start: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
    this.signal.throwIfAborted();
    return await new Promise<T>((resolve, reject) => {
      const closed = (): void => {
        reject(Object.assign(new Error('The connection was closed'), { code: 'PROTOCOL_CONNECTION_LOST' }));
      };
      this.socket.once('close', closed);
      start((error, value) => {
        this.socket.off('close', closed);
        if (error) reject(error);
        else resolve(value);
      });
    });
  }

  /** Over a connection of its own. When that cannot be had, the cut has to do. */
  private async kill(): Promise<void> {
    const { threadId } = this.connection;
    if (!threadId) {
      this.socket.destroy();
      return;
    }
    try {
      await killThread(this.target, threadId);
    } catch {
      this.socket.destroy(); // See above.
    }
  }
}

async function killThread(target: Target, threadId: number): Promise<void> {
  const { connection, socket } = await connect(target);
  try {
    await ask(connection, `KILL ${String(threadId)}`);
  } finally {
    connection.destroy();
    socket.destroy();
  }
}

async function connect(target: Target): Promise<{ connection: Connection; socket: Socket }> {
  const { address, name } = target;
  const tls = await tlsOptions(address, name);
  const socket = openSocket(target);
  const connection = mysql.createConnection({
    stream: () => socket,
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password ?? '',
    database: address.database,
    charset: 'utf8mb4',
    connectTimeout: CONNECT_TIMEOUT_MS,
    multipleStatements: false,
    // A server must not be able to ask for files of this machine.
    flags: ['-LOCAL_FILES'],
    ...(tls && {
      ssl: {
        rejectUnauthorized: tls.rejectUnauthorized ?? true,
        verifyIdentity: address.tls === TlsMode.VerifyFull,
        ...(tls.ca !== undefined && { ca: String(tls.ca) }),
      },
    }),
  });
  connection.on('error', () => undefined); // What runs rejects by itself; between statements the next one will.
  socket.on('error', () => undefined);
  return { connection, socket };
}

async function ask(connection: Connection, sql: string): Promise<RowDataPacket[]> {
  return await new Promise((resolve, reject) => {
    connection.query<RowDataPacket[]>(sql, (error, rows) => {
      if (error) reject(error);
      else resolve(rows);
    });
  });
}
