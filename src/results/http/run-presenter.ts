import { PROBLEMS, problemType } from '../../platform/http/problem.js';
import type { NewArtifact } from '../../runs/artifact.js';
import { progressData } from '../../runs/run-events.js';
import type { Manifest, Run } from '../../runs/run.js';
import { isTerminal } from '../../runs/run-state.js';
import type { Download } from '../downloads.service.js';
import type { DownloadDto, ResultManifestDto, RunDto, RunLinksDto } from './run-wire.js';

/** The fields that a run has on the wire whatever its kind. */
export function toRunDto(run: Run, queuePosition: number | null): RunDto {
  return {
    status: run.status,
    terminal: isTerminal(run.status),
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: run.finishedAt?.toISOString() ?? null,
    expires_at: run.expiresAt.toISOString(),
    deadline_at: run.deadlineAt?.toISOString() ?? null,
    progress: isTerminal(run.status) ? null : progressData(run.progress, queuePosition),
    attempt: run.attempt,
    error: run.error && {
      type: problemType(run.error.code),
      title: PROBLEMS[run.error.code].title,
      ...run.error,
    },
    parameters: run.parameters,
    format: run.format,
    time_zone: run.timeZone,
    total_rows: run.totalRows,
    request_id: run.requestId,
    callback_url: run.callbackUrl,
  };
}

export function toLinks(self: string): RunLinksDto {
  return {
    self,
    cancel: `${self}/cancel`,
    rows: `${self}/rows`,
    download: `${self}/download`,
    manifest: `${self}/manifest`,
    events: `${self}/events`,
  };
}

export function toResultManifest(manifest: Manifest, artifacts: readonly NewArtifact[]): ResultManifestDto {
  const { rows, bytes, sha256, columns, datasets, parameters, asOf, engine, warnings } = manifest;
  return {
    ...{ rows, bytes, sha256, columns, datasets, parameters, as_of: asOf, engine, warnings },
    artifacts: artifacts.map((artifact) => ({
      format: artifact.format,
      file_name: artifact.fileName,
      content_type: artifact.contentType,
      size: artifact.size,
      sha256: artifact.sha256,
      rows: artifact.rows,
      warnings: artifact.warnings,
    })),
  };
}

export function toDownloadDto({ artifact, link }: Extract<Download, { ready: true }>): DownloadDto {
  return {
    download_url: link.url,
    expires_at: link.expiresAt.toISOString(),
    size: artifact.size,
    sha256: artifact.sha256,
    content_type: artifact.contentType,
    file_name: artifact.fileName,
  };
}

/** Seconds until it makes sense to look again: more, the older the run is. */
export function retryAfterOf(run: Run, now = Date.now()): number {
  // A clock that is behind the database's sees runs of the future.
  const age = Math.max(0, now - run.createdAt.getTime()) / 1000;
  return Math.min(30, 1 + Math.floor(age / 10));
}
