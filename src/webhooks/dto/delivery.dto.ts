import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { CursorDto } from '../../platform/http/page.dto.js';
import { DeliveryStatus } from '../webhook.js';

const STATUSES = Object.values(DeliveryStatus);

export class ListDeliveriesQueryDto extends CursorDto {
  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: DeliveryStatus;
}

export class DeliveryLogEntryDto {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Status of the answer; null if there was none.' })
  status!: number | null;

  @ApiProperty({ type: 'integer', description: 'How long it took, in milliseconds.', example: 84 })
  ms!: number;

  @ApiProperty({ type: 'string', nullable: true, description: 'Why it does not count as delivered; null if it does.' })
  error!: string | null;
}

/** One event for one receiver. */
export class DeliveryDto {
  @ApiProperty({ format: 'uuid' })
  delivery_id!: string;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true, description: 'Null for the callback URL of a run.' })
  endpoint_id!: string | null;

  @ApiProperty({ format: 'uuid', description: 'The header `webhook-id`, the same in every attempt.' })
  event_id!: string;

  @ApiProperty({ example: 'report.completed' })
  type!: string;

  @ApiProperty({ format: 'uri', example: 'https://example.org/hooks/longhaul' })
  url!: string;

  @ApiProperty({ enum: STATUSES, enumName: 'DeliveryStatus' })
  status!: DeliveryStatus;

  @ApiProperty({ type: 'integer', example: 1 })
  attempts!: number;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Null when it is over.' })
  next_attempt_at!: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  finished_at!: string | null;

  @ApiProperty({ type: () => [DeliveryLogEntryDto], description: 'The last 50 attempts, the newest last.' })
  log!: DeliveryLogEntryDto[];
}

export class DeliveryListDto {
  @ApiProperty({ type: () => [DeliveryDto] })
  deliveries!: DeliveryDto[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Where the list goes on; null at its end.' })
  next_cursor!: string | null;
}
