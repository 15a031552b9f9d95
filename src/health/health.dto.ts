import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class ProbeDto {
  @ApiProperty({ enum: ['ok', 'unavailable'] })
  status!: 'ok' | 'unavailable';

  @ApiPropertyOptional({ description: 'What is missing.' })
  reason?: string;
}

export class HealthBodyDto {
  @ApiProperty({ example: 'community' })
  edition!: string;

  @ApiProperty({ example: '0.1.0' })
  version!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['available', 'unavailable'] },
    example: { database: 'available', redis: 'available', storage: 'available', 'queue:reports': 'available' },
  })
  services!: Record<string, 'available' | 'unavailable'>;
}

export class HealthDto {
  @ApiProperty({ example: 200 })
  statusCode!: number;

  @ApiProperty({ type: () => HealthBodyDto })
  body!: HealthBodyDto;
}
