import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';
import { ListRunsQueryDto } from '../../results/http/run-queries.js';
import { SOURCE_TYPES, type SourceType } from '../export-spec.js';

export class ListExportsQueryDto extends ListRunsQueryDto {
  @ApiPropertyOptional({ example: 'movies' })
  @IsOptional()
  @IsString()
  name?: string;

  @ApiPropertyOptional({ enum: SOURCE_TYPES })
  @IsOptional()
  @IsIn(SOURCE_TYPES)
  source?: SourceType;
}
