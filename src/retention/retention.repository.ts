import { Injectable } from '@nestjs/common';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { seconds } from '../platform/prisma/sql-interval.js';
import { LIVE_STATUSES } from '../runs/run-state.js';

/**
 * A version that was the newest not so long ago is kept, however many have come since: a request may have chosen it whose run
 * is not there yet.
 */
const SUPERSEDED_SECONDS = 3600;

export interface RemovedVersion {
  id: string;
  datasetId: string;
}

export interface ResultBounds {
  /** 0 = no limit. */
  count: number;
  bytes: number;
}

/** What is too old or too much, taken in steps of at most `limit` rows; rows that another process has in hand are passed over. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly prisma: PrismaService) {}

  async removeAudit(ageSeconds: number, limit: number): Promise<number> {
    return await this.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL longhaul.audit_sweep = 'on'`;
      return await tx.$executeRaw`
        DELETE FROM audit_entries WHERE sequence IN (
          SELECT sequence FROM audit_entries WHERE at < now() - ${seconds(ageSeconds)}
          ORDER BY at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
    });
  }

  /** Keys that have been of no use for so long. */
  async removeKeys(ageSeconds: number, limit: number): Promise<number> {
    return await this.prisma.$executeRaw`
      DELETE FROM api_keys WHERE id IN (
        SELECT id FROM api_keys WHERE least(revoked_at, expires_at) < now() - ${seconds(ageSeconds)}
        LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
  }

  /** Versions behind the newest `keep` of their dataset that no run which has not ended reads. */
  async removeVersions(keep: number, limit: number): Promise<RemovedVersion[]> {
    return await this.prisma.$queryRaw<RemovedVersion[]>`
      WITH pinned AS (
        SELECT DISTINCT (input->>'id')::uuid AS id FROM runs, jsonb_array_elements(inputs) AS input
        WHERE status = ANY(${LIVE_STATUSES}::text[]::run_status[])
      ), ranked AS (
        SELECT id, row_number() OVER newest AS place, lag(created_at) OVER newest AS superseded_at FROM dataset_versions
        WINDOW newest AS (PARTITION BY dataset_id ORDER BY version DESC)
      ), excess AS (
        SELECT id FROM ranked WHERE place > ${keep} AND superseded_at < now() - ${seconds(SUPERSEDED_SECONDS)}
          AND NOT EXISTS (SELECT FROM pinned WHERE pinned.id = ranked.id) LIMIT ${limit}
      )
      DELETE FROM dataset_versions WHERE id IN (
        SELECT id FROM dataset_versions WHERE id IN (SELECT id FROM excess) FOR UPDATE SKIP LOCKED)
      RETURNING id::text, dataset_id::text AS "datasetId"`;
  }

  /**
   * Ends the time of results that an owner has too many of, oldest first, but never of the newest: readers refuse them from then
   * on, and the sweep of runs expires them like all others. Returns how many.
   */
  async endExcessResults({ count, bytes }: ResultBounds, limit: number): Promise<number> {
    return await this.prisma.$executeRaw`
      WITH sized AS (
        SELECT id, owner, finished_at, (manifest->>'bytes')::bigint
          + coalesce((SELECT sum(size) FROM artifacts WHERE run_id = runs.id), 0) AS size
        FROM runs WHERE status = 'completed' AND expires_at > now()
      ), ranked AS (
        SELECT id, finished_at, row_number() OVER newest AS place, sum(size) OVER newest AS total FROM sized
        WINDOW newest AS (PARTITION BY owner ORDER BY finished_at DESC, id DESC ROWS UNBOUNDED PRECEDING)
      ), excess AS (
        SELECT id FROM ranked
        WHERE place > 1 AND ((${count}::int > 0 AND place > ${count}::int) OR (${bytes}::bigint > 0 AND total > ${bytes}::bigint))
        ORDER BY finished_at LIMIT ${limit}
      ), taken AS (
        SELECT id FROM runs WHERE id IN (SELECT id FROM excess) AND status = 'completed' AND expires_at > now()
        FOR UPDATE SKIP LOCKED
      )
      UPDATE runs SET expires_at = now(), revision = revision + 1 FROM taken WHERE runs.id = taken.id`;
  }
}
