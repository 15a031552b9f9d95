import { ApiProperty } from '@nestjs/swagger';
import { SourceFormat } from '../dataset.js';

export class DatasetColumnDto {
  @ApiProperty({ example: 'store_id' })
  name!: string;

  @ApiProperty({ description: 'SQL type of the query engine.', example: 'BIGINT' })
  type!: string;
}

export class DatasetVersionDto {
  @ApiProperty({ description: 'Counts from 1.', example: 3 })
  version!: number;

  @ApiProperty({ example: 13559 })
  rows!: number;

  @ApiProperty({ description: 'Size of the Parquet file that the version is kept as.', example: 104857 })
  bytes!: number;

  @ApiProperty({ description: 'Hex digest of the Parquet file.' })
  sha256!: string;

  @ApiProperty({ type: () => [DatasetColumnDto] })
  columns!: DatasetColumnDto[];

  @ApiProperty({ enum: Object.values(SourceFormat), enumName: 'SourceFormat' })
  source_format!: SourceFormat;

  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at!: string;
}

export class DatasetLinksDto {
  @ApiProperty({ example: '/api/v1/datasets/timezones' })
  self!: string;

  @ApiProperty({ description: 'PUT a file here to make a new version.', example: '/api/v1/datasets/timezones/content' })
  content!: string;
}

export class DatasetSummaryDto {
  @ApiProperty({ example: 'timezones' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Time zone of each store' })
  description!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at!: string;

  @ApiProperty({
    type: () => DatasetVersionDto,
    nullable: true,
    description: 'The newest version, which new reports read; null before the first upload.',
  })
  current!: DatasetVersionDto | null;

  @ApiProperty({ type: () => DatasetLinksDto })
  links!: DatasetLinksDto;
}

export class DatasetDto extends DatasetSummaryDto {
  @ApiProperty({ type: () => [DatasetVersionDto], description: 'All versions, newest first.' })
  versions!: DatasetVersionDto[];
}

export class DatasetListDto {
  @ApiProperty({ type: () => [DatasetSummaryDto] })
  datasets!: DatasetSummaryDto[];

  @ApiProperty({ type: String, nullable: true, description: 'Pass it as `cursor` to read on; null at the end.' })
  next_cursor!: string | null;
}
