import { PROBLEMS, problemType } from '../platform/http/problem.js';
import type { Download } from '../results/downloads.service.js';
import type { NewArtifact } from '../runs/artifact.js';
import type { Manifest, Run } from '../runs/run.js';
import { isTerminal } from '../runs/run-state.js';
import type { DownloadDto, ManifestDto, ProgressDto, ReportDto, ReportLinksDto } from './dto/report.dto.js';

const BASE = '/api/v1';

/** Path of a report, as in its links and the `Location` header. */
export const reportPath = (id: string): string => `${BASE}/reports/${id}`;

/** A run of a report as it goes over the wire. */
export function toReportDto(run: Run, queuePosition: number | null = null): ReportDto {
  return {
    report_id: run.id,
    report_name: run.name,
    definition_version: run.definitionVersion,
    status: run.status,
    terminal: isTerminal(run.status),
    report_date: run.createdAt.toISOString(),
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: run.finishedAt?.toISOString() ?? null,
    expires_at: run.expiresAt.toISOString(),
    deadline_at: run.deadlineAt?.toISOString() ?? null,
    progress: progressOf(run, queuePosition),
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
    links: linksOf(run),
  };
}

export function toManifestDto(run: Run, manifest: Manifest, artifacts: readonly NewArtifact[]): ManifestDto {
  const { rows, bytes, sha256, columns, definition, datasets, parameters, asOf, engine, warnings } = manifest;
  return {
    report_id: run.id,
    rows,
    bytes,
    sha256,
    columns,
    definition,
    datasets,
    parameters,
    as_of: asOf,
    engine,
    warnings,
    artifacts: artifacts.map(({ format, fileName, contentType, size, sha256: digest }) => ({
      format,
      file_name: fileName,
      content_type: contentType,
      size,
      sha256: digest,
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
  const age = (now - run.createdAt.getTime()) / 1000;
  return Math.min(30, 1 + Math.floor(age / 10));
}

function progressOf(run: Run, queuePosition: number | null): ProgressDto | null {
  if (isTerminal(run.status)) return null;
  const { phase = 'query', percent = null, rows = null, pages = null, etaSeconds = null } = run.progress ?? {};
  return { percent, phase, rows, pages, queue_position: queuePosition, eta_seconds: etaSeconds };
}

function linksOf(run: Run): ReportLinksDto {
  const self = reportPath(run.id);
  return {
    self,
    cancel: `${self}/cancel`,
    rows: `${self}/rows`,
    download: `${self}/download`,
    manifest: `${self}/manifest`,
    events: `${self}/events`,
    definition: `${BASE}/report-definitions/${run.name}/versions/${String(run.definitionVersion)}`,
  };
}
