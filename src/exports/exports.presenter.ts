import { API_PATH } from '../common/api-path.js';
import type { RunWire } from '../results/http/run-answers.js';
import { toLinks, toResultManifest, toRunDto } from '../results/http/run-presenter.js';
import type { NewArtifact } from '../runs/artifact.js';
import type { Manifest, Run } from '../runs/run.js';
import type { ExportDto, ExportManifestDto } from './dto/export.dto.js';
import { shownUrl } from './database/sealed-url.js';
import { exportSpec } from './export-spec.js';

const exportPath = (id: string): string => `${API_PATH}/exports/${id}`;

/** A run of an export as it goes over the wire. */
export function toExportDto(run: Run, queuePosition: number | null = null): ExportDto {
  const self = exportPath(run.id);
  const parameters = parametersOf(run);
  return {
    export_id: run.id,
    name: run.name,
    source: parameters.source.type,
    created_at: run.createdAt.toISOString(),
    ...toRunDto(run, queuePosition),
    parameters,
    format_options: run.formatOptions,
    links: { ...toLinks(self), ws: `${self}/ws` },
  };
}

export function toExportManifestDto(
  run: Run,
  manifest: Manifest,
  artifacts: readonly NewArtifact[],
): ExportManifestDto {
  return {
    export_id: run.id,
    name: run.name,
    source: manifest.source ?? {},
    ...toResultManifest(manifest, artifacts),
    parameters: parametersOf(run),
  };
}

export const EXPORT_WIRE: RunWire<ExportDto> = { path: exportPath, present: toExportDto };

/** The request as it was understood, with every default in it. A database URL has a password in it. */
function parametersOf(run: Run) {
  const spec = exportSpec.parse(run.parameters);
  const { source } = spec;
  const hidden =
    source.type === 'database' && source.url !== undefined ? { ...source, url: shownUrl(source.url) } : source;
  return { ...spec, source: hidden };
}
