import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, IsTimeZone, Matches, Max, Min, ValidateIf } from 'class-validator';
import { FormatName } from '../../formats/format.js';
import { FORMAT_NAMES } from '../../formats/formats.js';

const DEFAULT_ZONE = 'UTC';
const MAX_AGE_LIMIT = 30 * 86_400;

/** The fields of a request for a report that are not parameters of the report. */
export class CreateReportDto {
  @ApiProperty({ description: 'Name of a report definition.', example: 'store-uptime' })
  @IsString()
  report_name!: string;

  @ApiPropertyOptional({ enum: FORMAT_NAMES, default: FormatName.Csv, description: 'Format of the file.' })
  @IsOptional()
  @IsIn(FORMAT_NAMES)
  format: FormatName = FormatName.Csv;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Answer with an equal report that is in flight or completed at most so many seconds ago. 0: never.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_AGE_LIMIT)
  max_age = 0;

  @ApiPropertyOptional({ default: DEFAULT_ZONE, description: 'IANA time zone that the report counts days in.' })
  // Looking a zone up is slow, and nearly every request has the default.
  @ValidateIf(({ time_zone }: CreateReportDto) => time_zone !== DEFAULT_ZONE)
  @IsTimeZone()
  @Matches(/^[A-Za-z]/, { message: 'time_zone must be a zone by name, for example Asia/Kolkata, not an offset' })
  time_zone = DEFAULT_ZONE;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'Longest time that the run may take, in seconds.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  timeout_seconds?: number;
}
