import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsTimeZone,
  Matches,
  Max,
  Min,
  Validate,
  ValidateIf,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { FormatName } from '../../formats/format.js';
import { FORMAT_NAMES } from '../../formats/formats.js';
import { callbackUrlProblem, MAX_CALLBACK_URL_LENGTH } from '../../runs/callback-url.js';

const DEFAULT_ZONE = 'UTC';
const MAX_AGE_LIMIT = 30 * 86_400;

@ValidatorConstraint({ name: 'callbackUrl' })
class CallbackUrlRule implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && callbackUrlProblem(value) === null;
  }

  defaultMessage({ property, value }: ValidationArguments): string {
    return `${property} ${typeof value === 'string' ? (callbackUrlProblem(value) ?? '') : 'must be a string'}`;
  }
}

/** The fields of a request for a report that are not parameters of the report. */
export class CreateReportDto {
  @ApiProperty({ description: 'Name of a report definition.', example: 'store-uptime' })
  @IsString()
  report_name!: string;

  @ApiPropertyOptional({ enum: FORMAT_NAMES, default: FormatName.Csv, description: 'Format of the file.' })
  @IsOptional()
  @IsIn(FORMAT_NAMES)
  format: FormatName = FormatName.Csv;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Answer with an equal report that is in flight or completed at most so many seconds ago. 0: never.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_AGE_LIMIT)
  max_age = 0;

  @ApiPropertyOptional({ default: DEFAULT_ZONE, description: 'IANA time zone that the report counts days in.' })
  // Looking a zone up is slow, and nearly every request has the default.
  @ValidateIf(({ time_zone }: CreateReportDto) => time_zone !== DEFAULT_ZONE)
  @IsTimeZone()
  @Matches(/^[A-Za-z]/, { message: 'time_zone must be a zone by name, for example Asia/Kolkata, not an offset' })
  time_zone = DEFAULT_ZONE;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'Longest time that the run may take, in seconds.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  timeout_seconds?: number;

  @ApiPropertyOptional({
    format: 'uri',
    maxLength: MAX_CALLBACK_URL_LENGTH,
    example: 'https://example.com/hooks/longhaul',
    description: 'Is told of the end of the report by POST. An equal report that is answered with keeps its own.',
  })
  @IsOptional()
  @Validate(CallbackUrlRule)
  callback_url?: string;
}
