import { IncomingMessage, type IncomingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import pg from 'pg';
import { ApiKeysRepository } from '../../src/access/api-keys.repository.js';
import { ApiKeysService } from '../../src/access/api-keys.service.js';
import { BootstrapKey } from '../../src/access/bootstrap-key.js';
import { RequestAuthenticator } from '../../src/access/request-authenticator.js';
import { TokenVerifier } from '../../src/access/token-verifier.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { AuditRepository } from '../../src/audit/audit.repository.js';
import { SystemClock } from '../../src/common/clock.js';
import type { CallerRequest } from '../../src/platform/http/caller.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { testConfig } from './config.js';
import { createDatabase, type TestDatabase } from './database.js';

/** The keys and the authenticator of one API process, with a database of its own or that of another one. */
export class AccessApp {
  private constructor(
    readonly keys: ApiKeysService,
    readonly bootstrap: BootstrapKey,
    readonly authenticator: RequestAuthenticator,
    readonly sql: pg.Client,
    private readonly prisma: PrismaService,
    private readonly database: TestDatabase,
  ) {}

  static async start(
    environment: Readonly<Record<string, string>> = {},
    { beside }: { beside?: AccessApp } = {},
  ): Promise<AccessApp> {
    const database = beside?.database ?? (await createDatabase());
    const config = testConfig({ DATABASE_URL: database.url, ...environment });
    const prisma = new PrismaService(config);
    const repository = new ApiKeysRepository(prisma, new AuditLog(new AuditRepository(prisma)));
    const clock = new SystemClock();
    const bootstrap = new BootstrapKey(config, repository);
    const authenticator = new RequestAuthenticator(config, repository, bootstrap, new TokenVerifier(config, clock));
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    return new AccessApp(new ApiKeysService(repository, clock), bootstrap, authenticator, sql, prisma, database);
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  async authenticate(headers: IncomingHttpHeaders) {
    return await this.authenticator.authenticate(aRequest(headers));
  }

  async withKey(key: string) {
    return await this.authenticate({ 'x-api-key': key });
  }

  async stop(options: { keepDatabase?: boolean } = {}): Promise<void> {
    await this.prisma.$disconnect();
    await this.sql.end();
    if (!options.keepDatabase) await this.database.drop();
  }
}

function aRequest(headers: IncomingHttpHeaders): CallerRequest {
  const message = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: '127.0.0.9' }));
  return Object.assign(message, { id: 'r-1', headers });
}
