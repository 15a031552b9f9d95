import pg, { type QueryResultRow } from 'pg';
import type { ConnectionOptions } from 'node:tls';
import type { Socket } from 'node:net';
import { CANCEL_PATIENCE_MS, CONNECT_TIMEOUT_MS, openSocket, tlsOptions } from '../database-socket.js';
import type { ReadJob } from '../database-reader.js';
import { requestCancel, type CancelKey } from './cancel-request.js';
import { CopyOut, Describe, type CopyOutJob } from './postgresql-queries.js';
import type { PostgresField } from './postgresql-types.js';

const APPLICATION_NAME = 'longhaul';

/** One connection that ends with its signal: what runs is cancelled at the server first, then the connection is cut. */
export class PostgresSession {
  private key: CancelKey | undefined;
  private copy: CopyOut | undefined;
  private patience: NodeJS.Timeout | undefined;
  private readonly onAbort = (): void => {
    this.copy?.stop();
    if (this.key) void requestCancel(this.job, this.key, this.tls);
    else this.socket.destroy();
    this.patience = setTimeout(() => this.socket.destroy(), CANCEL_PATIENCE_MS);
  };

  private constructor(
    private readonly job: Pick<ReadJob, 'address' | 'lookup'>,
    private readonly signal: AbortSignal,
    private readonly tls: ConnectionOptions | null,
    private readonly parts: { client: pg.Client; socket: Socket },
  ) {}

  /** Connects and logs in. */
  static async open(job: Pick<ReadJob, 'address' | 'lookup' | 'name'>, signal: AbortSignal): Promise<PostgresSession> {
    const { address } = job;
    const tls = await tlsOptions(address, job.name);
    signal.throwIfAborted();
    const socket = openSocket(job);
    const client = new pg.Client({
      // The driver would have its stream connect; this one is on its way, to an address that was checked.
      stream: () => Object.assign(socket, { connect: () => socket }),
      host: address.host,
      port: address.port,
      user: address.user,
      // Without one the driver would look for PGPASSWORD and a file of passwords.
      password: address.password ?? '',
      database: address.database,
      ssl: tls ?? false,
      application_name: APPLICATION_NAME,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      ...(address.options !== undefined && { options: address.options }),
    });
    const session = new PostgresSession(job, signal, tls, { client, socket });
    await session.start();
    return session;
  }

  async query<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    this.signal.throwIfAborted();
    const { rows } = values.length === 0 ? await this.client.query<R>(text) : await this.client.query<R>(text, values);
    return rows;
  }

  async describe(text: string): Promise<PostgresField[] | null> {
    this.signal.throwIfAborted();
    return await this.client.query(new Describe(text)).done;
  }

  async copyOut(job: CopyOutJob): Promise<number> {
    this.signal.throwIfAborted();
    this.copy = new CopyOut(job);
    return await this.client.query(this.copy).done;
  }

  /** Ends the connection. Safe after any failure. */
  async end(): Promise<void> {
    this.signal.removeEventListener('abort', this.onAbort);
    clearTimeout(this.patience);
    const cut = setTimeout(() => this.socket.destroy(), CANCEL_PATIENCE_MS);
    await this.client.end().catch(() => undefined); // There is nothing left to lose.
    clearTimeout(cut);
    this.socket.destroy();
  }

  private async start(): Promise<void> {
    this.client.on('error', () => undefined); // Each query rejects by itself; between queries the next one will.
    this.client.connection.on('backendKeyData', (message: { processID: number; secretKey: number }) => {
      this.key = { processId: message.processID, secret: message.secretKey };
    });
    this.signal.addEventListener('abort', this.onAbort);
    try {
      await this.client.connect();
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  private get client(): pg.Client {
    return this.parts.client;
  }

  private get socket(): Socket {
    return this.parts.socket;
  }
}
