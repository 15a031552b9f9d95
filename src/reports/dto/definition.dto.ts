import { ApiProperty, ApiPropertyOptional, IntersectionType, OmitType, PartialType, PickType } from '@nestjs/swagger';
import { FORMAT_NAMES } from '../../formats/formats.js';
import { COLLECTIONS } from '../definition.js';

export class DefinitionColumnDto {
  @ApiProperty()
  name!: string;

  @ApiProperty({ description: 'SQL type.' })
  type!: string;
}

export class DefinitionDatasetDto {
  @ApiProperty({ example: 'movies' })
  name!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Columns (name to SQL type) that are NULL where the data lacks them.',
  })
  columns!: Record<string, string>;
}

export class DefinitionExampleDto {
  @ApiProperty()
  summary!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  parameters!: Record<string, unknown>;
}

/** A report definition. */
export class DefinitionDto {
  @ApiProperty({ example: 'top-movies-per-rating' })
  name!: string;

  @ApiProperty()
  version!: number;

  @ApiProperty()
  title!: string;

  @ApiProperty()
  description!: string;

  @ApiProperty({ enum: ['shipped', 'code', 'stored'] })
  origin!: string;

  @ApiProperty({ enum: COLLECTIONS, nullable: true, type: 'string' })
  collection!: string | null;

  @ApiProperty({ type: () => [DefinitionDatasetDto] })
  datasets!: DefinitionDatasetDto[];

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'JSON Schema (2020-12) of the parameters.' })
  parameters!: Record<string, unknown>;

  @ApiProperty({ type: () => [DefinitionColumnDto], description: 'Columns of the result.' })
  columns!: DefinitionColumnDto[];

  @ApiProperty({ enum: FORMAT_NAMES, isArray: true })
  formats!: string[];

  @ApiProperty({ type: () => [DefinitionExampleDto] })
  examples!: DefinitionExampleDto[];

  @ApiProperty({ nullable: true, type: 'string', description: 'null for a definition in code.' })
  sql!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  links!: Record<string, string>;
}

export class DefinitionListDto {
  @ApiProperty({ type: () => [DefinitionDto] })
  definitions!: DefinitionDto[];
}

/** What `POST /report-definitions` takes. The definition's own rules check it, with one JSON Pointer per bad field. */
export class StoreDefinitionDto {
  @ApiProperty({ example: 'active-stores' })
  name!: string;

  @ApiProperty({ example: 'Active stores' })
  title!: string;

  @ApiPropertyOptional({ default: '' })
  description?: string;

  @ApiPropertyOptional({ enum: COLLECTIONS, nullable: true, type: 'string' })
  collection?: string | null;

  @ApiProperty({ type: [String], example: ['store_status'], description: 'Names, or an object of name to columns.' })
  datasets!: string[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { seen: { 'x-type': 'range', of: 'date' } },
    description: 'JSON Schema by name; `x-type: range` and `x-type: set` for the filter shapes.',
  })
  parameters?: Record<string, unknown>;

  @ApiProperty({
    example:
      "SELECT store_id, count(*) AS polls FROM store_status WHERE status = 'active' AND in_range(timestamp_utc, $seen) " +
      'GROUP BY store_id ORDER BY polls DESC, store_id',
  })
  sql!: string;

  @ApiPropertyOptional({ type: () => [DefinitionExampleDto] })
  examples?: DefinitionExampleDto[];
}

/** The path has the name; the body may say it once more. */
export class ReplaceDefinitionDto extends IntersectionType(
  OmitType(StoreDefinitionDto, ['name']),
  PartialType(PickType(StoreDefinitionDto, ['name'])),
) {}
