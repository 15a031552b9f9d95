import { ApiProperty } from '@nestjs/swagger';
import { Nullable, ResultManifestDto, RowsPageDto, RunDto, RunLinksDto } from '../../results/http/run-wire.js';
import { SOURCE_TYPES, type SourceType } from '../export-spec.js';

export class ExportLinksDto extends RunLinksDto {
  @ApiProperty({ description: 'The same events over a WebSocket.' })
  ws!: string;
}

/** A run of an export. `parameters` is the request as it was understood, with every default in it. */
export class ExportDto extends RunDto {
  @ApiProperty({ format: 'uuid' })
  export_id!: string;

  @ApiProperty({ example: 'movies', description: 'Base name of the file.' })
  name!: string;

  @ApiProperty({ enum: SOURCE_TYPES, description: 'Where the rows come from.' })
  source!: SourceType;

  @ApiProperty({ format: 'date-time', description: 'When the export was asked for.' })
  created_at!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'How the file is written.' })
  format_options!: Record<string, unknown>;

  @ApiProperty({ type: () => ExportLinksDto })
  links!: ExportLinksDto;
}

export class ExportRowsDto extends RowsPageDto {
  @ApiProperty({ format: 'uuid' })
  export_id!: string;
}

export class ExportListDto {
  @ApiProperty({ type: () => [ExportDto] })
  exports!: ExportDto[];

  @Nullable('Where the list goes on; null at its end.')
  next_cursor!: string | null;
}

export class ExportManifestDto extends ResultManifestDto {
  @ApiProperty({ format: 'uuid' })
  export_id!: string;

  @ApiProperty({ example: 'movies' })
  name!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What the source says of where the rows come from: its type, and what identifies its content.',
    example: { type: 'dataset', datasets: [{ name: 'movies', version: 1 }] },
  })
  source!: Record<string, unknown>;
}
