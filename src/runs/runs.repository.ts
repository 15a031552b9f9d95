import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { RunStatus, type NewRun, type Run } from './run.js';
import { eventSchema, type RunEvent } from './run-events.js';
import { runColumns, toRun } from './runs.mapper.js';
import { IdempotencyKeyReused } from './run-errors.js';

const UNIQUE_VIOLATION = 'P2002';

/** A place in a list that is ordered by creation, newest first. */
export interface RunPosition {
  createdAt: Date;
  id: string;
}

export interface RunQuery {
  owner: string;
  kind: Run['kind'];
  name?: string | undefined;
  status?: RunStatus | undefined;
  createdAfter?: Date | undefined;
  createdBefore?: Date | undefined;
  /** Exclusive. */
  after?: RunPosition | undefined;
  limit: number;
}

export interface CreateOptions {
  fingerprint: string;
  timeoutSeconds: number;
  resultTtlSeconds: number;
  idempotencySeconds: number;
}

/** Creating, finding and removing runs. What happens to a run in between is in `RunChangesRepository`. */
@Injectable()
export class RunsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * The run, its first event and its idempotency record in one transaction; or, when `maxAgeSeconds` allows it, an equal
   * run that exists already. Null if the idempotency key was taken meanwhile.
   */
  async create(newRun: NewRun, options: CreateOptions): Promise<{ run: Run; existed: boolean } | null> {
    try {
      if (newRun.maxAgeSeconds > 0) return await this.findEqualOrCreate(newRun, options);
      const row = await this.prisma.run.create({ data: toRow(newRun, options), select: runColumns });
      return { run: toRun(row), existed: false };
    } catch (error) {
      const taken = error instanceof Prisma.PrismaClientKnownRequestError && error.code === UNIQUE_VIOLATION;
      if (taken && newRun.idempotency) return null;
      throw error;
    }
  }

  /** The run that an idempotency key stands for; throws `IdempotencyKeyReused` if the request was another one. */
  async findByIdempotencyKey(owner: string, key: string, requestHash: string): Promise<Run | null> {
    const record = await this.prisma.idempotencyRecord.findUnique({
      where: { owner_key: { owner, key } },
      select: { requestHash: true, expiresAt: true, run: { select: runColumns } },
    });
    if (!record) return null;
    if (record.expiresAt <= new Date()) {
      await this.prisma.idempotencyRecord.deleteMany({ where: { owner, key, expiresAt: { lte: new Date() } } });
      return null;
    }
    if (record.requestHash !== requestHash) throw new IdempotencyKeyReused();
    return toRun(record.run);
  }

  /** Null if there is no such run, it belongs to somebody else, or it is being purged. */
  async find(owner: string, id: string): Promise<Run | null> {
    const row = await this.prisma.run.findFirst({ where: { id, owner, purgeRequestedAt: null }, select: runColumns });
    return row && toRun(row);
  }

  async load(id: string): Promise<Run | null> {
    const row = await this.prisma.run.findFirst({ where: { id, purgeRequestedAt: null }, select: runColumns });
    return row && toRun(row);
  }

  async list(query: RunQuery): Promise<Run[]> {
    const rows = await this.prisma.run.findMany({
      where: {
        owner: query.owner,
        kind: query.kind,
        purgeRequestedAt: null,
        ...(query.name !== undefined && { name: query.name }),
        ...(query.status !== undefined && { status: query.status }),
        createdAt: {
          ...(query.createdAfter && { gte: query.createdAfter }),
          ...(query.createdBefore && { lt: query.createdBefore }),
        },
        ...(query.after && {
          OR: [
            { createdAt: { lt: query.after.createdAt } },
            { createdAt: query.after.createdAt, id: { lt: query.after.id } },
          ],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: query.limit,
      select: runColumns,
    });
    return rows.map(toRun);
  }

  /** How many queued runs of the kind stand before it; 0 = next. */
  async queuePosition(run: Run): Promise<number> {
    return await this.prisma.run.count({
      where: { kind: run.kind, status: RunStatus.Queued, createdAt: { lt: run.createdAt } },
    });
  }

  /** Changes of status after a revision, oldest first. */
  async eventsAfter(runId: string, revision: number): Promise<RunEvent[]> {
    const rows = await this.prisma.runEvent.findMany({
      where: { runId, revision: { gt: revision } },
      orderBy: { revision: 'asc' },
      select: { revision: true, type: true, data: true },
    });
    return rows.map((row) => eventSchema.parse({ id: row.revision, type: row.type, data: row.data }));
  }

  /** Makes the run invisible; it is removed once it has stopped. */
  async requestPurge(owner: string, id: string): Promise<boolean> {
    const { count } = await this.prisma.run.updateMany({
      where: { id, owner, purgeRequestedAt: null },
      data: { purgeRequestedAt: new Date() },
    });
    return count > 0;
  }

  async remove(id: string): Promise<void> {
    await this.prisma.run.deleteMany({ where: { id } });
  }

  async removeOldIdempotencyRecords(): Promise<void> {
    await this.prisma.idempotencyRecord.deleteMany({ where: { expiresAt: { lt: new Date() } } });
  }

  /** An advisory lock on the fingerprint makes equal requests queue up behind each other, on any number of processes. */
  private async findEqualOrCreate(newRun: NewRun, options: CreateOptions): Promise<{ run: Run; existed: boolean }> {
    const lock = `${newRun.owner}/${options.fingerprint}`;
    return await this.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))`;
      const equal = await tx.run.findFirst({
        where: {
          owner: newRun.owner,
          fingerprint: options.fingerprint,
          purgeRequestedAt: null,
          OR: [
            { status: { in: [RunStatus.Queued, RunStatus.Running] } },
            {
              status: RunStatus.Completed,
              finishedAt: { gte: new Date(Date.now() - newRun.maxAgeSeconds * 1000) },
              expiresAt: { gt: new Date() },
            },
          ],
        },
        orderBy: { createdAt: 'desc' },
        select: runColumns,
      });
      if (!equal) {
        const row = await tx.run.create({ data: toRow(newRun, options), select: runColumns });
        return { run: toRun(row), existed: false };
      }
      const record = idempotencyRow(newRun, options);
      if (record) await tx.idempotencyRecord.create({ data: { ...record, runId: equal.id } });
      return { run: toRun(equal), existed: true };
    });
  }
}

function idempotencyRow({ owner, idempotency }: NewRun, options: CreateOptions) {
  return (
    idempotency && {
      owner,
      key: idempotency.key,
      requestHash: idempotency.requestHash,
      expiresAt: new Date(Date.now() + options.idempotencySeconds * 1000),
    }
  );
}

function toRow(newRun: NewRun, options: CreateOptions): Prisma.RunCreateInput {
  const now = Date.now();
  const record = idempotencyRow(newRun, options);
  return {
    id: uuidv7(),
    owner: newRun.owner,
    kind: newRun.kind,
    name: newRun.name,
    definitionVersion: newRun.definitionVersion,
    parameters: toJson(newRun.parameters),
    format: newRun.format,
    timeZone: newRun.timeZone,
    inputs: toJson(newRun.inputs),
    fingerprint: options.fingerprint,
    timeoutSeconds: options.timeoutSeconds,
    requestId: newRun.requestId,
    traceparent: newRun.traceparent,
    createdAt: new Date(now),
    availableAt: new Date(now),
    expiresAt: new Date(now + options.resultTtlSeconds * 1000),
    events: {
      create: { revision: 1, type: 'status', data: { status: RunStatus.Queued, terminal: false, attempt: 0 } },
    },
    ...(record && { idempotency: { create: record } }),
  };
}

/** What goes into a JSON column: only what JSON can say. */
export function toJson(value: object): Prisma.InputJsonValue {
  // JSON.parse gives `any`; what was stringified from an object is a JSON value.
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue;
}
