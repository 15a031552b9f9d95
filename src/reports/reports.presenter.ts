import { API_PATH } from '../common/api-path.js';
import type { RunWire } from '../results/http/run-answers.js';
import { toLinks, toResultManifest, toRunDto } from '../results/http/run-presenter.js';
import type { NewArtifact } from '../runs/artifact.js';
import type { Manifest, Run } from '../runs/run.js';
import type { ManifestDto, ReportDto } from './dto/report.dto.js';

const reportPath = (id: string): string => `${API_PATH}/reports/${id}`;

/** A run of a report as it goes over the wire. */
export function toReportDto(run: Run, queuePosition: number | null = null): ReportDto {
  return {
    report_id: run.id,
    report_name: run.name,
    definition_version: run.definitionVersion,
    report_date: run.createdAt.toISOString(),
    ...toRunDto(run, queuePosition),
    links: {
      ...toLinks(reportPath(run.id)),
      definition: `${API_PATH}/report-definitions/${run.name}/versions/${String(run.definitionVersion)}`,
    },
  };
}

export function toManifestDto(run: Run, manifest: Manifest, artifacts: readonly NewArtifact[]): ManifestDto {
  return { report_id: run.id, definition: manifest.definition, ...toResultManifest(manifest, artifacts) };
}

export const REPORT_WIRE: RunWire<ReportDto> = { path: reportPath, present: toReportDto };
