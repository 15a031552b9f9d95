import { ApiProperty, ApiPropertyOptional, PickType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { ACTOR_TYPES } from '../../common/actor.js';
import { CursorDto } from '../../platform/http/page.dto.js';
import { AuditAction, type AuditEntry } from '../audit-entry.js';

const ACTIONS = Object.values(AuditAction);
const MAX_TEXT = 255;

export class ListAuditQueryDto extends PickType(CursorDto, ['limit']) {
  @ApiPropertyOptional({ description: 'Only what was done to things of this owner.' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  owner?: string;

  @ApiPropertyOptional({ enum: ACTIONS, enumName: 'AuditAction' })
  @IsOptional()
  @IsIn(ACTIONS)
  action?: AuditAction;

  @ApiPropertyOptional({ description: 'Only what was done to this thing: its id, or its name if it has no id.' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  resource?: string;

  @ApiPropertyOptional({ description: 'Where to go on: `next_cursor` of the answer before.', pattern: '^\\d{1,18}$' })
  @IsOptional()
  @Matches(/^\d{1,18}$/, { message: 'is not a cursor of this list; take it from the "next" link as it is' })
  cursor?: string;
}

export class AuditEntryDto {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ example: 'default' })
  owner!: string;

  @ApiProperty({ enum: ACTIONS, enumName: 'AuditAction' })
  action!: AuditAction;

  @ApiProperty({ description: 'Id of the thing, or its name if it has no id.' })
  resource!: string;

  @ApiProperty({ enum: ACTOR_TYPES, description: 'Who did it.' })
  actor_type!: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'Id of the key or schedule, subject of the token, ...' })
  actor_id!: string | null;

  @ApiProperty({ type: 'string', nullable: true, example: '10.0.0.7' })
  address!: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  request_id!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'What tells more.' })
  detail!: Readonly<Record<string, unknown>> | null;
}

export class AuditListDto {
  @ApiProperty({ type: [AuditEntryDto] })
  entries!: AuditEntryDto[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Null on the last page.' })
  next_cursor!: string | null;
}

export const toAuditEntryDto = ({ at, actor, sequence: _, ...entry }: AuditEntry): AuditEntryDto => ({
  ...entry,
  at: at.toISOString(),
  actor_type: actor.type,
  actor_id: actor.id,
  address: actor.address,
  request_id: actor.requestId,
});
