import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditAction } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import type { CursorPosition } from '../common/pagination.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { DatasetExists, DatasetNotFound, type Dataset, type DatasetVersion, type PinnedVersion } from './dataset.js';
import { datasetColumns, toDataset } from './datasets.mapper.js';

const UNIQUE_VIOLATION = 'P2002';
const RECORD_MISSING = 'P2025';

/** What a worker needs to fetch a version and to know that it has it whole. */
export interface VersionFile {
  key: string;
  bytes: bigint;
  sha256: string;
}

export type NewVersion = Omit<DatasetVersion, 'version' | 'createdAt'> & { key: string };

@Injectable()
export class DatasetsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** Newest first, those created before the position; `limit` of them. */
  async list(owner: string, limit: number, after: CursorPosition | null): Promise<Dataset[]> {
    const rows = await this.prisma.dataset.findMany({
      where: {
        owner,
        ...(after && {
          OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: { ...datasetColumns, versions: { ...datasetColumns.versions, take: 1 } },
    });
    return rows.map(toDataset);
  }

  async find(owner: string, name: string): Promise<Dataset | null> {
    const row = await this.prisma.dataset.findUnique({
      where: { owner_name: { owner, name } },
      select: datasetColumns,
    });
    return row && toDataset(row);
  }

  /** Throws `DatasetExists`. */
  async create(owner: string, name: string, description: string | null): Promise<Dataset> {
    try {
      const data = { id: uuidv7(), owner, name, description };
      return await this.prisma.$transaction(async (tx) => {
        const row = await tx.dataset.create({ data, select: datasetColumns });
        await this.audit.append(tx, { owner, action: AuditAction.DatasetCreate, resource: data.id, detail: { name } });
        return toDataset(row);
      });
    } catch (error) {
      throw hasCode(error, UNIQUE_VIOLATION) ? new DatasetExists(name, { cause: error }) : error;
    }
  }

  /** The versions go with it. False if there is none of the id any more. */
  async delete({ id, owner, name }: Dataset): Promise<boolean> {
    return await this.prisma.$transaction(async (tx) => {
      const { count } = await tx.dataset.deleteMany({ where: { id, owner } });
      if (count === 0) return false;
      await this.audit.append(tx, { owner, action: AuditAction.DatasetDelete, resource: id, detail: { name } });
      return true;
    });
  }

  async deleteIfEmpty(id: string): Promise<void> {
    await this.prisma.dataset.deleteMany({ where: { id, versions: { none: {} } } });
  }

  /** Gives the version the next number; uploads at once wait for each other here. Throws `DatasetNotFound`. */
  async addVersion(dataset: Pick<Dataset, 'id' | 'owner' | 'name'>, version: NewVersion): Promise<void> {
    try {
      await this.prisma.$transaction(async (transaction) => {
        // A write that changes nothing locks the row until the transaction ends, in CockroachDB as in PostgreSQL.
        await transaction.dataset.update({
          where: { id: dataset.id, owner: dataset.owner },
          data: { name: dataset.name },
          select: { id: true },
        });
        const newest = await transaction.datasetVersion.aggregate({
          where: { datasetId: dataset.id },
          _max: { version: true },
        });
        const columns = version.columns.map(({ name, type }) => ({ name, type }));
        const data = { ...version, columns, datasetId: dataset.id, version: (newest._max.version ?? 0) + 1 };
        await transaction.datasetVersion.create({ data, select: { id: true } });
        await this.audit.append(transaction, {
          ...{ owner: dataset.owner, action: AuditAction.DatasetUpload, resource: dataset.id },
          detail: { name: dataset.name, version: data.version, bytes: Number(version.bytes) },
        });
      });
    } catch (error) {
      throw hasCode(error, RECORD_MISSING) ? new DatasetNotFound(dataset.name, { cause: error }) : error;
    }
  }

  /** The newest version of each dataset that has one, in no order. */
  async newestVersions(owner: string, names: readonly string[]): Promise<PinnedVersion[]> {
    const rows = await this.prisma.dataset.findMany({
      where: { owner, name: { in: [...names] } },
      select: { name: true, versions: { select: { id: true, version: true }, orderBy: { version: 'desc' }, take: 1 } },
    });
    return rows.flatMap(({ name, versions }) => versions.map(({ id, version }) => ({ name, version, id })));
  }

  async findFile(versionId: string): Promise<VersionFile | null> {
    return await this.prisma.datasetVersion.findUnique({
      where: { id: versionId },
      select: { key: true, bytes: true, sha256: true },
    });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === code;
}
