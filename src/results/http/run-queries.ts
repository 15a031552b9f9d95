import { ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Transform, type TransformFnParams } from 'class-transformer';
import { IsDate, IsIn, IsOptional } from 'class-validator';
import { readInstant } from '../../common/instants.js';
import type { FormatName } from '../../formats/format.js';
import { FORMAT_NAMES } from '../../formats/formats.js';
import { CursorDto, PageDto, WaitDto } from '../../platform/http/page.dto.js';
import { RunStatus } from '../../runs/run.js';

/** Query of a create: the page of rows to answer with if the run ends in time. */
export class CreateRunQueryDto extends IntersectionType(PageDto, WaitDto) {}

export class ListRunsQueryDto extends CursorDto {
  @ApiPropertyOptional({ enum: Object.values(RunStatus) })
  @IsOptional()
  @IsIn(Object.values(RunStatus))
  status?: RunStatus;

  @ApiPropertyOptional({ type: 'string', format: 'date-time', description: 'Created at or after this instant.' })
  @IsOptional()
  @Transform(toDate)
  @IsDate()
  created_after?: Date;

  @ApiPropertyOptional({ type: 'string', format: 'date-time', description: 'Created before this instant.' })
  @IsOptional()
  @Transform(toDate)
  @IsDate()
  created_before?: Date;
}

/** `Date` itself rolls the 30th of February over, and reads years that no database has. */
function toDate({ value }: TransformFnParams): Date {
  const utc = readInstant(String(value));
  return new Date(utc === null ? NaN : `${utc.replace(' ', 'T')}Z`);
}

export class DownloadQueryDto extends WaitDto {
  @ApiPropertyOptional({ enum: FORMAT_NAMES, description: 'Default: the format that the run was created with.' })
  @IsOptional()
  @IsIn(FORMAT_NAMES)
  format?: FormatName;
}
