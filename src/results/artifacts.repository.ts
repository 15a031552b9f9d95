import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { ErrorCode } from '../common/errors.js';
import { AuditAction } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import type { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import type { FormatName } from '../formats/format.js';
import type { NewArtifact } from '../runs/artifact.js';
import { RunKind, type Run } from '../runs/run.js';

/** A file rendered from a result, or to be rendered. */
export type Artifact =
  | ({ status: 'ready'; runId: string } & NewArtifact)
  | { status: 'pending'; id: string; runId: string; format: string }
  | { status: 'error'; id: string; runId: string; format: string; error: RenderError };

/** A render that a worker holds. */
export interface RenderClaim {
  id: string;
  runId: string;
  format: string;
  attempt: number;
}

const columns = {
  id: true,
  runId: true,
  format: true,
  status: true,
  key: true,
  fileName: true,
  contentType: true,
  size: true,
  sha256: true,
  rows: true,
  warnings: true,
  error: true,
} satisfies Prisma.ArtifactSelect;

const readySchema = z.object({
  key: z.string(),
  fileName: z.string(),
  contentType: z.string(),
  size: z.bigint().transform(Number),
  sha256: z.string(),
  rows: z.bigint().transform(Number).nullable(),
  warnings: z
    .array(z.string())
    .nullable()
    .transform((warnings) => warnings ?? []),
});
/** Without a code in rows that were written before it was kept. */
const errorSchema = z.object({ code: z.string().default(ErrorCode.RenderFailed), detail: z.string() });

/** Why a render failed. */
export type RenderError = z.infer<typeof errorSchema>;

@Injectable()
export class ArtifactsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  async findOfRun(runId: string, format: string): Promise<Artifact | null> {
    const row = await this.prisma.artifact.findUnique({ where: { runId_format: { runId, format } }, select: columns });
    return row && toArtifact(row);
  }

  /** That the current actor was given a link to the file. */
  async noteDownload({ id, owner, kind, name }: Run, format: FormatName): Promise<void> {
    const action = kind === RunKind.Report ? AuditAction.ReportDownload : AuditAction.ExportDownload;
    await this.audit.append(this.prisma, { owner, action, resource: id, detail: { name, format } });
  }

  async listOfRun(runId: string): Promise<Artifact[]> {
    const rows = await this.prisma.artifact.findMany({ where: { runId }, orderBy: { format: 'asc' }, select: columns });
    return rows.map(toArtifact);
  }

  /** Notes that a format is wanted. A failed render is wanted anew; one that exists stays as it is. */
  async want(runId: string, format: string): Promise<Artifact> {
    await this.prisma.artifact.createMany({ data: [{ id: uuidv7(), runId, format }], skipDuplicates: true });
    await this.prisma.artifact.updateMany({
      where: { runId, format, status: 'error' },
      data: { status: 'pending', attempt: 0, leaseUntil: null },
    });
    const row = await this.prisma.artifact.findUniqueOrThrow({
      where: { runId_format: { runId, format } },
      select: columns,
    });
    return toArtifact(row);
  }

  /** Takes a pending render that nobody holds, or whose holder let its lease run out. */
  async claim(id: string, leaseSeconds: number): Promise<RenderClaim | null> {
    const rows = await this.prisma.$queryRaw<RenderClaim[]>`
      UPDATE artifacts SET attempt = attempt + 1, lease_until = now() + ${seconds(leaseSeconds)}
      WHERE id = ${id}::uuid AND status = 'pending' AND (lease_until IS NULL OR lease_until < now())
      RETURNING id::text, run_id::text AS "runId", format, attempt`;
    return rows[0] ?? null;
  }

  /** False if the claim is no longer the row's. */
  async renew(claim: RenderClaim, leaseSeconds: number): Promise<boolean> {
    const count = await this.prisma.$executeRaw`
      UPDATE artifacts SET lease_until = now() + ${seconds(leaseSeconds)}
      WHERE id = ${claim.id}::uuid AND status = 'pending' AND attempt = ${claim.attempt}`;
    return count > 0;
  }

  /** False if the claim is no longer the row's, or the run has lost its result meanwhile. */
  async finish(claim: RenderClaim, artifact: NewArtifact): Promise<boolean> {
    const { key, fileName, contentType, size, sha256, rows, warnings } = artifact;
    const { count } = await this.prisma.artifact.updateMany({
      where: {
        id: claim.id,
        status: 'pending',
        attempt: claim.attempt,
        run: { status: 'completed', purgeRequestedAt: null },
      },
      data: { status: 'ready', key, fileName, contentType, size, sha256, rows, warnings, leaseUntil: null },
    });
    return count > 0;
  }

  /** Gives a render back; it is taken again by the next sweep at the latest. */
  async release(claim: RenderClaim): Promise<void> {
    await this.prisma.artifact.updateMany({
      where: { id: claim.id, status: 'pending', attempt: claim.attempt },
      data: { leaseUntil: null },
    });
  }

  async fail(claim: RenderClaim, error: RenderError): Promise<void> {
    await this.prisma.artifact.updateMany({
      where: { id: claim.id, status: 'pending', attempt: claim.attempt },
      data: { status: 'error', error, leaseUntil: null },
    });
  }

  /** Pending renders that nobody holds. */
  async overdue(limit: number): Promise<string[]> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT id::text FROM artifacts WHERE status = 'pending' AND created_at < now() - interval '5 seconds'
        AND (lease_until IS NULL OR lease_until < now()) ORDER BY created_at LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  }
}

function toArtifact(row: Prisma.ArtifactGetPayload<{ select: typeof columns }>): Artifact {
  const { id, runId, format, status } = row;
  switch (status) {
    case 'ready':
      return { id, runId, format, status, ...readySchema.parse(row) };
    case 'pending':
      return { id, runId, format, status };
    case 'error':
      return { id, runId, format, status, error: errorSchema.parse(row.error) };
  }
}
