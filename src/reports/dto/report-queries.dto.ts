import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import { ListRunsQueryDto } from '../../results/http/run-queries.js';

export class ListReportsQueryDto extends ListRunsQueryDto {
  @ApiPropertyOptional({ example: 'store-uptime' })
  @IsOptional()
  @IsString()
  report_name?: string;
}
