import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsOptional, IsString } from 'class-validator';
import { IsISO8601, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { SCOPES, type Scope } from '../../common/scope.js';
import { CursorDto } from '../../platform/http/page.dto.js';
import { DEFAULT_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS, OWNER_NAME } from '../api-key.js';

const MAX_NAME_LENGTH = 100;
const OWNER = { message: 'must be 1 to 128 letters, digits and characters of _ . @ : -' };

export class CreateKeyDto {
  @ApiProperty({ maxLength: MAX_NAME_LENGTH, example: 'ci', description: 'For people: what the key is for.' })
  @IsString()
  @MinLength(1)
  @MaxLength(MAX_NAME_LENGTH)
  name!: string;

  @ApiPropertyOptional({
    type: 'string',
    pattern: OWNER_NAME.source,
    nullable: true,
    example: 'acme',
    description: 'Whose key it is; yours if it is left out.',
  })
  @IsOptional()
  @Matches(OWNER_NAME, OWNER)
  owner?: string | null;

  @ApiProperty({ enum: SCOPES, isArray: true, example: ['reports:read', 'reports:run'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes!: Scope[];

  @ApiPropertyOptional({ type: 'string', format: 'date-time', nullable: true, description: 'Never, if left out.' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  expires_at?: string | null;
}

export class RotateKeyDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: MAX_OVERLAP_SECONDS,
    default: DEFAULT_OVERLAP_SECONDS,
    description: 'How long the old key goes on working, so that clients can change over.',
  })
  @Transform(({ value }: { value: unknown }) => value ?? DEFAULT_OVERLAP_SECONDS)
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlap_seconds = DEFAULT_OVERLAP_SECONDS;
}

export class ListKeysQueryDto extends CursorDto {
  @ApiPropertyOptional({ description: 'Only keys of this owner.', example: 'acme' })
  @IsOptional()
  @Matches(OWNER_NAME, OWNER)
  owner?: string;
}

/** An API key. Its value is shown when it is made, and never again. */
export class KeyDto {
  @ApiProperty({ format: 'uuid' })
  key_id!: string;

  @ApiProperty({ example: 'acme' })
  owner!: string;

  @ApiProperty({ example: 'ci' })
  name!: string;

  @ApiProperty({
    example: 'lh_4fQ7bXz1',
    description: 'How the key begins; `other` if it was not made by the service.',
  })
  prefix!: string;

  @ApiProperty({ enum: SCOPES, isArray: true, example: ['reports:read', 'reports:run'] })
  scopes!: Scope[];

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'Null: never.' })
  expires_at!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  revoked_at!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'To the minute.' })
  last_used_at!: string | null;

  @ApiProperty({ type: 'string', format: 'uuid', nullable: true, description: 'The key that it takes the place of.' })
  replaces!: string | null;
}

export class SecretKeyDto extends KeyDto {
  @ApiProperty({
    example: 'lh_4fQ7bXz1_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYq',
    description: 'What requests are sent with. Keep it: it is not shown again.',
  })
  key!: string;
}

export class KeyListDto {
  @ApiProperty({ type: () => [KeyDto] })
  keys!: KeyDto[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Where the list goes on; null at its end.' })
  next_cursor!: string | null;
}
