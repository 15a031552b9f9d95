import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class LoopWelcomeDto {
  @ApiProperty()
  message!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  endpoints!: Record<string, string>;
}

export class LoopReportIdDto {
  @ApiProperty({ format: 'uuid' })
  report_id!: string;
}

export class LoopStatusDto {
  @ApiProperty({ example: 'Completed', description: '`In progress...` or `Completed`; `Failed` with a detail.' })
  status!: string;

  @ApiPropertyOptional()
  detail?: string;
}
