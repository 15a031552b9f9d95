import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { ProblemDto } from '../platform/http/api-problems.js';

export class FetchMessageDto {
  @ApiProperty({ example: 'All inputs cleared' })
  message!: string;
}

export class FetchInputDto {
  @ApiProperty({ example: 'revenue' })
  name!: string;

  @ApiProperty({ oneOf: [{ type: 'integer' }, { type: 'string' }], example: 3 })
  column!: number | string;

  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  change_order!: number | null;
}

export class FetchInputAnswerDto extends FetchMessageDto {
  @ApiProperty({ type: () => FetchInputDto })
  input!: FetchInputDto;
}

export class FetchBulkAnswerDto extends FetchMessageDto {
  @ApiProperty({ description: 'Inputs of the request.' })
  count!: number;

  @ApiProperty()
  added_count!: number;

  @ApiProperty()
  updated_count!: number;
}

export class FetchInputListDto {
  @ApiProperty({ type: () => [FetchInputDto] })
  inputs!: FetchInputDto[];

  @ApiProperty()
  count!: number;
}

export class FetchConfigureAnswerDto extends FetchMessageDto {
  @ApiProperty({ type: 'object', additionalProperties: true })
  config!: Record<string, unknown>;

  @ApiPropertyOptional({ type: [String], description: 'What was taken but has no effect.' })
  warnings?: string[];
}

export class FetchStartDto extends FetchMessageDto {
  @ApiProperty({ format: 'uuid' })
  task_id!: string;
}

export class FetchStatusDto {
  @ApiProperty({ format: 'uuid' })
  task_id!: string;

  @ApiProperty({ enum: ['in_progress', 'cancel_requested', 'cancelled', 'completed', 'failed', 'expired'] })
  status!: string;

  @ApiProperty({ type: 'number', nullable: true, description: 'Percent of the present phase; null if unknown.' })
  progress!: number | null;

  @ApiPropertyOptional({ description: 'fetch, query, render or upload.' })
  phase?: string;

  @ApiPropertyOptional({ type: 'integer', nullable: true })
  rows?: number | null;

  @ApiPropertyOptional({ type: 'integer', nullable: true })
  pages?: number | null;

  @ApiPropertyOptional({ description: 'Why it failed.' })
  error?: string;
}

export class FetchCancelDto extends FetchMessageDto {
  @ApiProperty({ example: 'cancel_requested' })
  status!: string;
}

/** One bad place, as FastAPI says it. */
export class FetchInvalidDetailDto {
  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    example: ['body', 'name'],
  })
  loc!: (string | number)[];

  @ApiProperty({ example: 'is required' })
  msg!: string;

  @ApiProperty({ enum: ['missing', 'value_error'] })
  type!: string;
}

/** The members of a problem, but with a list as `detail`. */
export class FetchInvalidDto extends OmitType(ProblemDto, ['detail']) {
  @ApiProperty({ type: () => [FetchInvalidDetailDto] })
  detail!: FetchInvalidDetailDto[];
}
