import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { CursorDto } from '../../platform/http/page.dto.js';
import { IntakeState, MessageType } from '../intake-message.js';

const STATES = Object.values(IntakeState);

export class ListMessagesQueryDto extends CursorDto {
  @ApiPropertyOptional({ enum: STATES, enumName: 'IntakeState' })
  @IsOptional()
  @IsIn(STATES)
  state?: IntakeState;
}

export class ListOutputsQueryDto extends CursorDto {
  @ApiPropertyOptional({ description: 'Where to go on: `next_cursor` of the answer before.' })
  @IsOptional()
  @Matches(/^\d{1,18}$/, { message: 'is not a cursor of this list; take it from "next_cursor" as it is' })
  declare cursor?: string;
}

export class IntakeReasonDto {
  @ApiProperty({ description: 'Why it was rejected, or the code of the problem that it waits for.' })
  code!: string;

  @ApiProperty({ example: 'is required' })
  detail!: string;

  @ApiProperty({ type: String, nullable: true, description: 'JSON Pointer into the message.', example: '/title' })
  pointer!: string | null;
}

export class IntakeMessageDto {
  @ApiProperty({ type: String, nullable: true, description: "The sender's id.", example: '12345' })
  id!: string | null;

  @ApiProperty({ enum: Object.values(MessageType), enumName: 'IntakeMessageType' })
  type!: MessageType;

  @ApiProperty({ enum: STATES, enumName: 'IntakeState' })
  state!: IntakeState;

  @ApiProperty({ description: 'Messages of a group are stored in their order.', example: 'romance' })
  group!: string;

  @ApiProperty({ type: String, nullable: true, example: 'romance' })
  bucket!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Key in the bucket.', example: 'LoremIpsum.json' })
  file_name!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The run that it started.' })
  run_id!: string | null;

  @ApiProperty({ type: () => IntakeReasonDto, nullable: true })
  reason!: IntakeReasonDto | null;

  @ApiProperty({ type: 'string', format: 'date-time' })
  received_at!: string;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Stored, started or rejected.' })
  finished_at!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Output or dead letter was sent.' })
  told_at!: string | null;
}

export class IntakeReceiptDto extends IntakeMessageDto {
  @ApiProperty({ description: 'The same message had come before; nothing was written.' })
  repeated!: boolean;
}

export class IntakeReceiptsDto {
  @ApiProperty({ type: () => [IntakeReceiptDto], description: 'In the order of the messages.' })
  messages!: IntakeReceiptDto[];
}

export class IntakeMessageListDto {
  @ApiProperty({ type: () => [IntakeMessageDto] })
  messages!: IntakeMessageDto[];

  @ApiProperty({ type: String, nullable: true, description: 'Pass it as `cursor` to read on; null at the end.' })
  next_cursor!: string | null;
}

export class IntakeRoutesDto {
  @ApiProperty({ description: 'Field of a message that chooses its bucket.', example: 'genre' })
  field!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Bucket by value of the field.',
    example: { romance: 'romance', scifi: 'scifi' },
  })
  routes!: Record<string, string>;
}

export class IntakeOutputDto {
  @ApiProperty({ example: 'LoremIpsum.json' })
  file_name!: string;

  @ApiProperty({ example: 'romance' })
  bucket!: string;

  @ApiProperty({ example: '12345' })
  id!: string;
}

export class IntakeOutputListDto {
  @ApiProperty({ type: () => [IntakeOutputDto], description: 'Oldest first.' })
  outputs!: IntakeOutputDto[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Pass it as `cursor` to read on, now or when there is more; null if there was nothing.',
  })
  next_cursor!: string | null;
}
