import { ApiProperty } from '@nestjs/swagger';
import type { LimitChanges, LimitName } from '../owner-limits.js';

export class LimitDto {
  @ApiProperty({ example: 10_000 })
  limit!: number;
}

export class UsedLimitDto extends LimitDto {
  @ApiProperty({ description: 'How much of it is used now.', example: 3 })
  used!: number;
}

export class RequestsLimitDto extends UsedLimitDto {
  @ApiProperty({ description: 'Seconds until the count begins anew.', example: 42 })
  reset_seconds!: number;
}

export class LimitsDto implements Record<LimitName, LimitDto> {
  @ApiProperty({ type: () => UsedLimitDto, description: 'Runs that are worked on at once; more of them wait.' })
  running!: UsedLimitDto;

  @ApiProperty({ type: () => UsedLimitDto, description: 'Runs that wait or are worked on; more are refused.' })
  queued!: UsedLimitDto;

  @ApiProperty({ type: () => LimitDto, description: 'Rows of one result.' })
  rows!: LimitDto;

  @ApiProperty({ type: () => LimitDto, description: 'Bytes of one result, and of each file rendered from it.' })
  bytes!: LimitDto;

  @ApiProperty({ type: () => LimitDto, description: 'Longest time of a run.' })
  run_seconds!: LimitDto;

  @ApiProperty({ type: () => LimitDto, description: 'Bytes of one upload, as it is received.' })
  upload_bytes!: LimitDto;

  @ApiProperty({ type: () => UsedLimitDto, description: 'Bytes kept: datasets, results and files.' })
  stored_bytes!: UsedLimitDto;

  @ApiProperty({ type: () => RequestsLimitDto, description: 'Requests of any kind in a minute.' })
  requests_per_minute!: RequestsLimitDto;
}

/** The limits of an owner as they are in force, and which of them are its own. */
export class OwnerLimitsDto {
  @ApiProperty({ example: 'acme' })
  owner!: string;

  @ApiProperty({
    description: 'What is set for the owner; the rest is as configured.',
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { queued: 100 },
  })
  changes!: LimitChanges;

  @ApiProperty({
    description: 'What holds.',
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { running: 16, queued: 100 },
  })
  limits!: Record<LimitName, number>;
}
