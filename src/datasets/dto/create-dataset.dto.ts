import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { DATASET_NAME } from '../dataset.js';

export const NAME_RULE = 'must begin with a letter a-z and have at most 63 letters a-z, digits and underscores';

export class CreateDatasetDto {
  @ApiProperty({ pattern: DATASET_NAME.source, example: 'timezones' })
  @Matches(DATASET_NAME, { message: NAME_RULE })
  name!: string;

  @ApiPropertyOptional({ type: 'string', nullable: true, example: 'Time zone of each store', maxLength: 1000 })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  description?: string | null;
}
