import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AuditAction } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import type { CursorPosition } from '../common/pagination.js';
import { scopesAmong } from '../common/scope.js';
import { asDatabaseAway } from '../platform/prisma/database-errors.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import { BOOTSTRAP_NAME, type ApiKey, type KeyCandidate, type NewApiKey } from './api-key.js';

const columns = {
  ...{ id: true, owner: true, name: true, prefix: true, scopes: true, createdAt: true, expiresAt: true },
  ...{ revokedAt: true, lastUsedAt: true, replaces: true },
} as const;

const scopesSchema = z.array(z.string()).transform(scopesAmong);
const candidatesSchema = z.array(
  z.object({
    id: z.string(),
    owner: z.string(),
    scopes: scopesSchema,
    hash: z.instanceof(Uint8Array),
    expiresAt: z.date().nullable(),
    state: z.enum(['usable', 'expired', 'revoked']),
    isStale: z.boolean(),
  }),
);

const IS_USABLE = Prisma.sql`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;

/** Keys as they are kept. Whether one has expired is the database's clock to say. */
@Injectable()
export class ApiKeysRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  async create(key: NewApiKey): Promise<ApiKey> {
    return await this.prisma.$transaction(async (tx) => await this.insert(tx, key, AuditAction.KeyCreate));
  }

  /** Newest first, those created before the position; `limit` of them. Of all owners if none is named. */
  async list(owner: string | undefined, limit: number, after: CursorPosition | null): Promise<ApiKey[]> {
    const rows = await this.prisma.apiKey.findMany({
      where: {
        ...(owner !== undefined && { owner }),
        ...(after && {
          OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: columns,
    });
    return rows.map(toKey);
  }

  async find(id: string): Promise<ApiKey | null> {
    const row = await this.prisma.apiKey.findUnique({ where: { id }, select: columns });
    return row && toKey(row);
  }

  /** The keys that begin like this, to compare a value with. Throws `ServiceUnavailable`. */
  async candidates(prefix: string): Promise<KeyCandidate[]> {
    try {
      const rows = await this.prisma.$queryRaw`
        SELECT id::text, owner, scopes, hash, expires_at AS "expiresAt",
          CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'usable' END AS state,
          coalesce(last_used_at < now() - interval '1 minute', true) AS "isStale"
        FROM api_keys WHERE prefix = ${prefix}`;
      return candidatesSchema.parse(rows);
    } catch (error) {
      throw asDatabaseAway(error) ?? error;
    }
  }

  /** Notes that the key is in use, unless that was noted in the last minute. */
  async touch(id: string): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE api_keys SET last_used_at = now()
      WHERE id = ${id}::uuid AND coalesce(last_used_at < now() - interval '1 minute', true)`;
  }

  /** False if there is no such key. One that is revoked already stays as it is. */
  async revoke(id: string): Promise<boolean> {
    return await this.prisma.$transaction(async (tx) => {
      const [revoked] = await tx.$queryRaw<{ owner: string; name: string }[]>`
        UPDATE api_keys SET revoked_at = now() WHERE id = ${id}::uuid AND revoked_at IS NULL RETURNING owner, name`;
      if (revoked === undefined) return (await tx.apiKey.count({ where: { id } })) > 0;
      const { owner, name } = revoked;
      await this.audit.append(tx, { owner, action: AuditAction.KeyRevoke, resource: id, detail: { name } });
      return true;
    });
  }

  /**
   * The key ends after so many seconds, if not before; another one, which lasts as long as the first was to last from its
   * creation, takes its place. Null if it is not usable or was rotated before.
   */
  async rotate(
    id: string,
    successor: Pick<NewApiKey, 'id' | 'prefix' | 'hash'>,
    overlapSeconds: number,
  ): Promise<ApiKey | null> {
    return await this.prisma.$transaction(async (tx) => {
      // Locked: of two rotations at once, the second sees what the first has made.
      const [old] = await tx.$queryRaw<{ owner: string; name: string; scopes: unknown; expiresAt: Date | null }[]>`
        SELECT owner, name, scopes, now() + (expires_at - created_at) AS "expiresAt" FROM api_keys
        WHERE id = ${id}::uuid AND ${IS_USABLE} FOR UPDATE`;
      if (old === undefined || (await tx.apiKey.count({ where: { replaces: id } })) > 0) return null;
      await tx.$executeRaw`
        UPDATE api_keys SET expires_at = least(expires_at, now() + ${seconds(overlapSeconds)})
        WHERE id = ${id}::uuid`;
      const key = { ...old, ...successor, scopes: scopesSchema.parse(old.scopes), replaces: id };
      return await this.insert(tx, key, AuditAction.KeyRotate);
    });
  }

  /** The key is there and usable, and is the only one of its owner and name `bootstrap`. Idempotent. */
  async ensureBootstrap(key: NewApiKey): Promise<void> {
    const { id, owner, name } = key;
    await this.prisma.$transaction(async (tx) => {
      // In one order for all processes, so that none waits for one that waits for it.
      const others = await tx.$queryRaw<{ id: string }[]>`
        SELECT id::text FROM api_keys WHERE owner = ${owner} AND name = ${BOOTSTRAP_NAME} AND revoked_at IS NULL
        ORDER BY id FOR UPDATE`;
      const made = await tx.$executeRaw`
        INSERT INTO api_keys (id, owner, name, prefix, hash, scopes)
        VALUES (${id}::uuid, ${owner}, ${name}, ${key.prefix}, ${key.hash}, ${JSON.stringify(key.scopes)}::jsonb)
        ON CONFLICT (id) DO UPDATE SET revoked_at = NULL WHERE api_keys.revoked_at IS NOT NULL`;
      if (made > 0)
        await this.audit.append(tx, { owner, action: AuditAction.KeyCreate, resource: id, detail: { name } });
      for (const other of others) {
        if (other.id === id) continue;
        await tx.$executeRaw`UPDATE api_keys SET revoked_at = now() WHERE id = ${other.id}::uuid`;
        await this.audit.append(tx, { owner, action: AuditAction.KeyRevoke, resource: other.id, detail: { name } });
      }
    });
  }

  private async insert(
    tx: Prisma.TransactionClient,
    key: NewApiKey & { replaces?: string },
    action: typeof AuditAction.KeyCreate | typeof AuditAction.KeyRotate,
  ): Promise<ApiKey> {
    const { owner, name, scopes, replaces } = key;
    const row = await tx.apiKey.create({ data: { ...key, hash: Uint8Array.from(key.hash) }, select: columns });
    const detail = { name, scopes, ...(replaces !== undefined && { replaces }) };
    await this.audit.append(tx, { owner, action, resource: row.id, detail });
    return toKey(row);
  }
}

/** A row with `columns`. */
function toKey(row: Omit<ApiKey, 'scopes'> & { scopes: unknown }): ApiKey {
  return { ...row, scopes: scopesSchema.parse(row.scopes) };
}
