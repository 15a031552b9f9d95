import type { Dataset, DatasetVersion } from './dataset.js';
import type { DatasetDto, DatasetSummaryDto, DatasetVersionDto } from './dto/dataset.dto.js';

export const pathOf = (name: string): string => `/api/v1/datasets/${name}`;

export function toSummaryDto(dataset: Dataset): DatasetSummaryDto {
  const [current] = dataset.versions;
  const self = pathOf(dataset.name);
  return {
    name: dataset.name,
    description: dataset.description,
    created_at: dataset.createdAt.toISOString(),
    current: current === undefined ? null : toVersionDto(current),
    links: { self, content: `${self}/content` },
  };
}

export function toDatasetDto(dataset: Dataset): DatasetDto {
  return { ...toSummaryDto(dataset), versions: dataset.versions.map(toVersionDto) };
}

function toVersionDto(version: DatasetVersion): DatasetVersionDto {
  return {
    version: version.version,
    rows: Number(version.rows),
    bytes: Number(version.bytes),
    sha256: version.sha256,
    columns: version.columns.map(({ name, type }) => ({ name, type })),
    source_format: version.sourceFormat,
    created_at: version.createdAt.toISOString(),
  };
}
