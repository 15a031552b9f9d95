import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../common/clock.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import type { LimitReached } from '../common/errors.js';
import { QueueFull } from '../limits/limit-errors.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import { insertAuditEntry } from './run-audit.mapper.js';
import { IdempotencyKeyReused } from './run-errors.js';
import { RunStatus, type NewRun, type Run } from './run.js';
import { expectedLong } from './run-pace.mapper.js';
import { runColumns, toRun } from './runs.mapper.js';

export interface CreateOptions {
  fingerprint: string;
  timeoutSeconds: number;
  resultTtlSeconds: number;
  idempotencySeconds: number;
  /** Runs of the owner that may be queued or in work, this one included. */
  maxQueued: number;
  /** Why no new run may be written, whatever their number; an equal one is found all the same. */
  refusal: LimitReached | null;
}

/** Null if the idempotency key is taken. */
export type Creation = { run: Run; existed: boolean } | null;

/** The owner is near its limit: it can be told only when nobody else writes runs of it. */
const NEAR_LIMIT = 'near-limit';

/** How runs begin. */
@Injectable()
export class RunCreationRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
  ) {}

  /**
   * Writes the run, its first event and its idempotency record, all or nothing; or finds, when `maxAgeSeconds` allows
   * it, an equal run that exists already. Throws `QueueFull`, or the refusal: then there is no equal run, and nothing was written.
   */
  async create(newRun: NewRun, options: CreateOptions): Promise<Creation> {
    const creation = await this.tryCreate(newRun, { ...options, alone: false });
    if (creation !== NEAR_LIMIT) return creation;
    const certain = await this.tryCreate(newRun, { ...options, alone: true });
    if (certain === NEAR_LIMIT) throw new TypeError('may_queue did not decide although it was alone');
    return certain;
  }

  /**
   * The run that an idempotency key stands for, null if it is being purged; throws `IdempotencyKeyReused` if the request
   * was another one.
   */
  async findByIdempotencyKey(owner: string, key: string, requestHash: string): Promise<Run | null> {
    const record = await this.prisma.idempotencyRecord.findUnique({
      where: { owner_key: { owner, key } },
      select: { requestHash: true, expiresAt: true, run: { select: { ...runColumns, purgeRequestedAt: true } } },
    });
    if (!record) return null;
    const now = this.clock.now();
    if (record.expiresAt <= now || record.run.purgeRequestedAt !== null) {
      const expired = { expiresAt: { lte: now } };
      const purged = { run: { purgeRequestedAt: { not: null } } };
      await this.prisma.idempotencyRecord.deleteMany({ where: { owner, key, OR: [expired, purged] } });
      return null;
    }
    if (record.requestHash !== requestHash) throw new IdempotencyKeyReused();
    return toRun(record.run);
  }

  private async tryCreate(newRun: NewRun, options: InsertOptions): Promise<Creation | typeof NEAR_LIMIT> {
    if (newRun.maxAgeSeconds > 0) return await this.findEqualOrCreate(newRun, options);
    return asCreation(await insert(this.prisma, newRun, options));
  }

  /** An advisory lock on the fingerprint makes equal requests queue up behind each other, on any number of processes. */
  private async findEqualOrCreate(newRun: NewRun, options: InsertOptions): Promise<Creation | typeof NEAR_LIMIT> {
    const lock = `${newRun.owner}/${options.fingerprint}`;
    return await this.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))`;
      const now = this.clock.now();
      const equal = await tx.run.findFirst({
        where: {
          owner: newRun.owner,
          fingerprint: options.fingerprint,
          purgeRequestedAt: null,
          OR: [
            { status: { in: [RunStatus.Queued, RunStatus.Running] } },
            {
              status: RunStatus.Completed,
              finishedAt: { gte: new Date(now.getTime() - newRun.maxAgeSeconds * 1000) },
              expiresAt: { gt: now },
            },
          ],
        },
        orderBy: { createdAt: 'desc' },
        select: runColumns,
      });
      if (!equal) return asCreation(await insert(tx, newRun, options));
      if (newRun.idempotency) {
        const noted = await tx.$executeRaw(insertKey(newRun, options, { runId: equal.id }));
        if (noted === 0) return null;
      }
      return { run: toRun(equal), existed: true };
    });
  }
}

interface InsertOptions extends CreateOptions {
  /** Keep all other writers of the owner's runs waiting. */
  alone: boolean;
}

const asCreation = (inserted: Run | null | typeof NEAR_LIMIT): Creation | typeof NEAR_LIMIT =>
  inserted === null || inserted === NEAR_LIMIT ? inserted : { run: inserted, existed: false };

/** One statement, one round trip: this is the hot path. Times are the database's. Null if the idempotency key is taken. */
async function insert(
  prisma: Pick<PrismaService, '$queryRaw'>,
  newRun: NewRun,
  options: InsertOptions,
): Promise<Run | null | typeof NEAR_LIMIT> {
  if (options.refusal) throw options.refusal;
  const id = uuidv7();
  const { owner, kind, name, definitionVersion, parameters, format, formatOptions, timeZone } = newRun;
  const { inputs, requestId, callbackUrl, traceparent } = newRun;
  const key = newRun.idempotency
    ? Prisma.sql`taken AS (${insertKey(newRun, options, { runId: id, only: Prisma.sql`FROM asked WHERE may` })} RETURNING run_id),`
    : Prisma.empty;
  const ifFree = newRun.idempotency ? Prisma.sql`AND EXISTS (SELECT FROM taken)` : Prisma.empty;
  const firstEvent = JSON.stringify({
    ...{ status: RunStatus.Queued, terminal: false, attempt: 0 },
    ...(requestId !== null && { request_id: requestId }),
  });
  const [answer] = await prisma.$queryRaw<{ may: boolean | null; createdAt: Date | null; expiresAt: Date | null }[]>`
    WITH asked AS MATERIALIZED (
      SELECT may_queue(${owner}, ${options.maxQueued}::bigint, ${options.alone}) AS may
    ), ${key} created AS (
      INSERT INTO runs (id, owner, kind, name, definition_version, parameters, format, format_options, time_zone, inputs,
        fingerprint, timeout_seconds, request_id, callback_url, traceparent, long_run, created_at, available_at, expires_at)
      SELECT ${id}::uuid, ${owner}, ${kind}::run_kind, ${name}, ${definitionVersion}, ${JSON.stringify(parameters)}::jsonb,
        ${format}, ${JSON.stringify(formatOptions)}::jsonb, ${timeZone}, ${JSON.stringify(inputs)}::jsonb,
        ${options.fingerprint}, ${options.timeoutSeconds}, ${requestId},
        ${callbackUrl}, ${traceparent}, ${expectedLong(newRun)}, now(), now(), now() + ${seconds(options.resultTtlSeconds)}
      FROM asked WHERE may ${ifFree}
      RETURNING id, owner, kind, name, created_at, expires_at
    ), audited AS (
      ${insertAuditEntry('create', Prisma.sql`created`)}
    ), noted AS (
      INSERT INTO run_events (run_id, revision, type, data) SELECT id, 1, 'status', ${firstEvent}::jsonb FROM created
    )
    SELECT may, created_at AS "createdAt", expires_at AS "expiresAt" FROM asked LEFT JOIN created ON true`;
  if (typeof answer?.may !== 'boolean') return NEAR_LIMIT;
  if (!answer.may) throw new QueueFull(options.maxQueued);
  const { createdAt, expiresAt } = answer;
  if (createdAt === null || expiresAt === null) return null;
  return {
    ...{ id, owner, kind, name, definitionVersion, parameters, format, formatOptions, timeZone, inputs },
    ...{ requestId, callbackUrl },
    ...{ createdAt, expiresAt },
    ...{ status: RunStatus.Queued, revision: 1, attempt: 0, failures: 0, timeoutSeconds: options.timeoutSeconds },
    ...{
      startedAt: null,
      finishedAt: null,
      deadlineAt: null,
      progress: null,
      error: null,
      manifest: null,
      totalRows: null,
    },
  };
}

/** Waits for another request with the key that is just being written; then there is a conflict, and nothing to do. */
function insertKey(
  { owner, idempotency }: NewRun,
  options: CreateOptions,
  { runId, only = Prisma.empty }: { runId: string; only?: Prisma.Sql },
): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO idempotency_records (owner, key, request_hash, run_id, expires_at)
    SELECT ${owner}, ${idempotency?.key}, ${idempotency?.requestHash}, ${runId}::uuid,
      now() + ${seconds(options.idempotencySeconds)} ${only}
    ON CONFLICT (owner, key) DO NOTHING`;
}
