import { ApiProperty } from '@nestjs/swagger';
import { ErrorCode } from '../../common/errors.js';
import { JsonForm } from '../../common/table-column.js';
import { FORMAT_NAMES } from '../../formats/formats.js';
import { RunPhase, RunStatus } from '../../runs/run.js';
import type { ProgressData } from '../../runs/run-events.js';

export const Nullable = (
  description: string,
  type: 'string' | 'integer' | 'number' = 'string',
  format?: string,
): PropertyDecorator => ApiProperty({ description, type, nullable: true, ...(format !== undefined && { format }) });

export class ProgressDto implements ProgressData {
  @Nullable('Of the current phase, 0 to 100; null when the work cannot say.', 'number')
  percent!: number | null;

  @ApiProperty({ enum: Object.values(RunPhase), description: '`query` until the run has begun one.' })
  phase!: RunPhase;

  @Nullable('Rows so far.', 'integer')
  rows!: number | null;

  @Nullable('Pages so far, for sources that have pages.', 'integer')
  pages!: number | null;

  @Nullable('Bytes so far, fetched or written in the phase.', 'integer')
  bytes!: number | null;

  @Nullable('Rows per second, over the last seconds.', 'number')
  rate!: number | null;

  @Nullable('Queued runs of the same owner and kind before this one.', 'integer')
  queue_position!: number | null;

  @Nullable('Estimate of the time left in the phase.', 'integer')
  eta_seconds!: number | null;
}

export class RunErrorDto {
  @ApiProperty({ description: 'Stable path of the kind of problem, explained in docs/errors.md.' })
  type!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty({ enum: Object.values(ErrorCode), enumName: 'ErrorCode' })
  code!: ErrorCode;

  @ApiProperty({ description: 'What went wrong, and what to do next.' })
  detail!: string;

  @ApiProperty({ description: 'The attempt that failed for good.' })
  attempt!: number;
}

export class ReuseDto {
  @ApiProperty({ enum: ['inflight', 'cache'] })
  kind!: 'inflight' | 'cache';

  @ApiProperty({ format: 'date-time' })
  as_of!: string;
}

/** What a run of any kind says of itself. */
export class RunDto {
  @ApiProperty({ enum: Object.values(RunStatus) })
  status!: RunStatus;

  @ApiProperty({ description: 'Whether nothing more will happen but the expiry.' })
  terminal!: boolean;

  @Nullable('When a worker first took it.', 'string', 'date-time')
  started_at!: string | null;

  @Nullable('When it ended.', 'string', 'date-time')
  finished_at!: string | null;

  @ApiProperty({ format: 'date-time', description: 'Until when the result is kept.' })
  expires_at!: string;

  @Nullable('When the run is ended if it is still at work.', 'string', 'date-time')
  deadline_at!: string | null;

  @ApiProperty({ type: () => ProgressDto, nullable: true })
  progress!: ProgressDto | null;

  @ApiProperty()
  attempt!: number;

  @ApiProperty({ type: () => RunErrorDto, nullable: true })
  error!: RunErrorDto | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  parameters!: Record<string, unknown>;

  @ApiProperty({ enum: FORMAT_NAMES, nullable: true, type: 'string' })
  format!: string | null;

  @ApiProperty({ example: 'UTC' })
  time_zone!: string;

  @Nullable('Rows of the result.', 'integer')
  total_rows!: number | null;

  @Nullable('Request that created the run.')
  request_id!: string | null;

  @Nullable('Told of the end of the run.', 'string', 'uri')
  callback_url!: string | null;

  @ApiProperty({ type: () => ReuseDto, required: false })
  reuse?: ReuseDto;
}

/** Links that every run has. */
export class RunLinksDto {
  @ApiProperty()
  self!: string;

  @ApiProperty()
  cancel!: string;

  @ApiProperty()
  rows!: string;

  @ApiProperty()
  download!: string;

  @ApiProperty()
  manifest!: string;

  @ApiProperty()
  events!: string;
}

export class ColumnDto {
  @ApiProperty()
  name!: string;

  @ApiProperty({ description: 'SQL type.', example: 'BIGINT' })
  type!: string;

  @ApiProperty({ enum: Object.values(JsonForm), description: 'How the values stand in JSON.' })
  json!: JsonForm;
}

/** A page of rows. Its columns say how each value stands in JSON. */
export class RowsPageDto {
  @ApiProperty()
  page!: number;

  @ApiProperty()
  page_size!: number;

  @ApiProperty()
  total_rows!: number;

  @ApiProperty({ type: () => [ColumnDto] })
  columns!: ColumnDto[];

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  rows!: Record<string, unknown>[];
}

export class DownloadDto {
  @ApiProperty({ description: 'Works without further authentication until it expires.' })
  download_url!: string;

  @ApiProperty({ format: 'date-time' })
  expires_at!: string;

  @ApiProperty({ description: 'Bytes.' })
  size!: number;

  @ApiProperty({ description: 'Hex SHA-256 of the file.' })
  sha256!: string;

  @ApiProperty({ example: 'text/csv; charset=utf-8' })
  content_type!: string;

  @ApiProperty({ example: 'store-uptime-2026-11-21.csv' })
  file_name!: string;
}

export class ArtifactDto {
  @ApiProperty({ enum: FORMAT_NAMES })
  format!: string;

  @ApiProperty()
  file_name!: string;

  @ApiProperty()
  content_type!: string;

  @ApiProperty({ description: 'Bytes.' })
  size!: number;

  @ApiProperty({ description: 'Hex SHA-256 of the file.' })
  sha256!: string;

  @Nullable('Rows in the file; null for files that were written before rows were counted.', 'integer')
  rows!: number | null;

  @ApiProperty({ type: [String], description: 'What had to be changed in the values.' })
  warnings!: string[];
}

export class VersionedNameDto {
  @ApiProperty()
  name!: string;

  @ApiProperty()
  version!: number;
}

/** What proves a result. `bytes` and `sha256` are of the Parquet file that all formats are rendered from. */
export class ResultManifestDto {
  @ApiProperty()
  rows!: number;

  @ApiProperty()
  bytes!: number;

  @ApiProperty()
  sha256!: string;

  @ApiProperty({ type: () => [ColumnDto] })
  columns!: ColumnDto[];

  @ApiProperty({ type: () => [VersionedNameDto] })
  datasets!: VersionedNameDto[];

  @ApiProperty({ type: 'object', additionalProperties: true })
  parameters!: Record<string, unknown>;

  @ApiProperty({ format: 'date-time', description: 'When the dataset versions were pinned.' })
  as_of!: string;

  @ApiProperty({ example: 'DuckDB v1.5.6' })
  engine!: string;

  @ApiProperty({ type: [String] })
  warnings!: string[];

  @ApiProperty({ type: () => [ArtifactDto] })
  artifacts!: ArtifactDto[];
}
