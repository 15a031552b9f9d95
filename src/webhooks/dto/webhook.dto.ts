import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsOptional, IsString } from 'class-validator';
import { Max, MaxLength, Min, ValidateIf } from 'class-validator';
import { MAX_CALLBACK_URL_LENGTH } from '../../runs/callback-url.js';
import { ALL_EVENTS, EVENT_FILTERS } from '../webhook.js';

const MAX_OVERLAP_SECONDS = 7 * 86_400;
const DEFAULT_OVERLAP_SECONDS = 86_400;

export class CreateWebhookDto {
  @ApiProperty({
    format: 'uri',
    maxLength: MAX_CALLBACK_URL_LENGTH,
    example: 'https://example.org/hooks/longhaul',
    description: 'Where events are posted to: http or https, without user name and password.',
  })
  @IsString()
  url!: string;

  @ApiPropertyOptional({
    type: [String],
    enum: EVENT_FILTERS,
    default: [ALL_EVENTS],
    example: ['report.*', 'export.completed'],
    description: 'Which events to send: every one, those of a kind, or exact types.',
  })
  @ValidateIf((_, value) => value !== undefined)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @IsIn(EVENT_FILTERS, { each: true })
  events?: string[];

  @ApiPropertyOptional({ type: 'string', nullable: true, maxLength: 1000, example: 'Warehouse loader' })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  description?: string | null;

  @ApiPropertyOptional({ default: true, description: 'A disabled endpoint is told of nothing that happens meanwhile.' })
  @ValidateIf((_, value) => value !== undefined)
  @IsBoolean()
  enabled?: boolean;
}

export class ChangeWebhookDto extends PartialType(CreateWebhookDto, { skipNullProperties: false }) {}

export class RotateWebhookDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: MAX_OVERLAP_SECONDS,
    default: DEFAULT_OVERLAP_SECONDS,
    description: 'How long the old secret signs too, so that receivers can change over.',
  })
  @Transform(({ value }: { value: unknown }) => value ?? DEFAULT_OVERLAP_SECONDS)
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlap_seconds = DEFAULT_OVERLAP_SECONDS;
}

export class WebhookLinksDto {
  @ApiProperty()
  self!: string;

  @ApiProperty()
  deliveries!: string;

  @ApiProperty({ description: 'POST: send a `ping`.' })
  test!: string;

  @ApiProperty({ description: 'POST: make a new secret.' })
  rotate!: string;
}

/** A receiver of events. Its secret is shown when it is made, and never again. */
export class WebhookDto {
  @ApiProperty({ format: 'uuid' })
  endpoint_id!: string;

  @ApiProperty({ format: 'uri', example: 'https://example.org/hooks/longhaul' })
  url!: string;

  @ApiProperty({ type: [String], example: ['report.*'] })
  events!: string[];

  @ApiProperty({ type: 'string', nullable: true })
  description!: string | null;

  @ApiProperty()
  enabled!: boolean;

  @ApiProperty({ type: 'string', nullable: true, description: 'Why the service disabled it; null if it did not.' })
  disabled_reason!: string | null;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'Until when the secret from before the last rotation signs too.',
  })
  previous_secret_until!: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: () => WebhookLinksDto })
  links!: WebhookLinksDto;
}

export class SecretWebhookDto extends WebhookDto {
  @ApiProperty({
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYq=',
    description: 'What signatures are made with. Keep it: it is not shown again.',
  })
  secret!: string;
}

export class WebhookListDto {
  @ApiProperty({ type: () => [WebhookDto] })
  webhooks!: WebhookDto[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Where the list goes on; null at its end.' })
  next_cursor!: string | null;
}
