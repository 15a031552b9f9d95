import { Controller, Get, Headers, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { decodeCursor, encodeCursor } from '../common/pagination.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { IdParam } from '../platform/http/id-param.js';
import { linkHeader } from '../platform/http/links.js';
import { CursorDto } from '../platform/http/page.dto.js';
import { idempotencyKeyOf } from '../platform/http/prefer.js';
import { FiringDto, FiringListDto, ScheduleDto } from './dto/schedule.dto.js';
import { toFiringDto, toScheduleDto } from './schedules.presenter.js';
import { SchedulesService } from './schedules.service.js';

const KEY_HEADER = 'Idempotency-Key';

/** Firing, and keeping from firing. */
@ApiTags('schedules')
@Controller('schedules/:id')
export class ScheduleFiringsController {
  constructor(private readonly schedules: SchedulesService) {}

  @Post('pause')
  @Needs(Scope.ReportsRun, Scope.ExportsRun)
  @HttpCode(200)
  @ApiOperation({
    operationId: 'pauseSchedule',
    summary: 'Pause a schedule',
    description: 'What it has started goes on. May be repeated.',
  })
  @ApiResponse({ status: 200, type: ScheduleDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.ScheduleNotFound)
  async pause(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<ScheduleDto> {
    return toScheduleDto(await this.schedules.enable(owner, id, false));
  }

  @Post('resume')
  @Needs(Scope.ReportsRun, Scope.ExportsRun)
  @HttpCode(200)
  @ApiOperation({
    operationId: 'resumeSchedule',
    summary: 'Resume a schedule',
    description: 'It goes on with the next of its times; those of the pause are not made up for. May be repeated.',
  })
  @ApiResponse({ status: 200, type: ScheduleDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.ScheduleNotFound)
  async resume(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<ScheduleDto> {
    return toScheduleDto(await this.schedules.enable(owner, id, true));
  }

  @Post('run')
  @Needs(Scope.ReportsRun, Scope.ExportsRun)
  @HttpCode(202)
  @ApiOperation({
    operationId: 'runSchedule',
    summary: 'Fire a schedule now',
    description:
      'Also while it is paused, and beside a run that has not ended. The answer leads to the run; if the body is refused now, ' +
      '`outcome` is `failed` and `detail` says why.',
  })
  @ApiHeader({ name: KEY_HEADER, required: false, description: 'Makes a repeated request safe.' })
  @ApiResponse({ status: 202, type: FiringDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.ScheduleNotFound)
  async run(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Headers(KEY_HEADER) key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FiringDto> {
    const firing = toFiringDto(await this.schedules.fire(owner, id, idempotencyKeyOf(key)));
    if (firing.links.run !== null) response.setHeader('Location', firing.links.run);
    return firing;
  }

  @Get('firings')
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.ExportsRun)
  @ApiOperation({ operationId: 'listScheduleFirings', summary: 'The history of a schedule, newest occurrence first' })
  @ApiResponse({ status: 200, type: FiringListDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.ScheduleNotFound)
  async firings(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Query() { cursor, limit }: CursorDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FiringListDto> {
    const after = cursor === undefined ? null : decodeCursor(cursor);
    const found = await this.schedules.history(owner, id, { after, limit: limit + 1 });
    const last = found.length > limit ? found[limit - 1]?.firing : undefined;
    const next = last === undefined ? null : encodeCursor({ createdAt: last.occurrence, id: last.id });
    if (next !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: next } }));
    return { firings: found.slice(0, limit).map(toFiringDto), next_cursor: next };
  }
}
