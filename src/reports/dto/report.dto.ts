import { ApiProperty } from '@nestjs/swagger';
import {
  Nullable,
  ResultManifestDto,
  RowsPageDto,
  RunDto,
  RunLinksDto,
  VersionedNameDto,
} from '../../results/http/run-wire.js';

export class ReportLinksDto extends RunLinksDto {
  @ApiProperty()
  definition!: string;
}

/** A run of a report. */
export class ReportDto extends RunDto {
  @ApiProperty({ format: 'uuid' })
  report_id!: string;

  @ApiProperty({ example: 'store-uptime' })
  report_name!: string;

  @ApiProperty()
  definition_version!: number;

  @ApiProperty({ format: 'date-time', description: 'When the report was asked for.' })
  report_date!: string;

  @ApiProperty({ type: () => ReportLinksDto })
  links!: ReportLinksDto;
}

export class RowsDto extends RowsPageDto {
  @ApiProperty({ format: 'uuid' })
  report_id!: string;
}

export class ReportListDto {
  @ApiProperty({ type: () => [ReportDto] })
  reports!: ReportDto[];

  @Nullable('Where the list goes on; null at its end.')
  next_cursor!: string | null;
}

export class ManifestDto extends ResultManifestDto {
  @ApiProperty({ format: 'uuid' })
  report_id!: string;

  @ApiProperty({ type: () => VersionedNameDto })
  definition!: VersionedNameDto;
}
