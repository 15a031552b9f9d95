import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { linkHeader } from '../platform/http/links.js';
import { AuditLog } from './audit-log.js';
import { AuditListDto, ListAuditQueryDto, toAuditEntryDto } from './dto/audit.dto.js';

@ApiTags('administration')
@Controller('audit')
@Needs(Scope.Admin)
export class AuditController {
  constructor(private readonly audit: AuditLog) {}

  @Get()
  @ApiOperation({
    operationId: 'listAudit',
    summary: 'Who created, changed, cancelled, downloaded and deleted what, newest first',
    description: 'Of all owners, unless one is named.',
  })
  @ApiResponse({ status: 200, type: AuditListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @Query() { cursor, ...query }: ListAuditQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AuditListDto> {
    const { entries, next } = await this.audit.list({
      ...query,
      before: cursor === undefined ? undefined : BigInt(cursor),
    });
    const cursorOfNext = next === null ? null : String(next);
    if (cursorOfNext !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: cursorOfNext } }));
    return { entries: entries.map(toAuditEntryDto), next_cursor: cursorOfNext };
  }
}
