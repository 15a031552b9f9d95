import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
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
import { ScheduleDto, ScheduleListDto } from './dto/schedule.dto.js';
import { parseSchedule, patchSchedule } from './schedule-spec.js';
import { schedulePath, toScheduleDto } from './schedules.presenter.js';
import { SchedulesService } from './schedules.service.js';

const BODY = { schema: { type: 'object' }, description: 'Its schema is added by schedules.openapi.ts.' };

@ApiTags('schedules')
@Controller('schedules')
export class SchedulesController {
  constructor(private readonly schedules: SchedulesService) {}

  @Post()
  @Needs(Scope.ReportsRun, Scope.ExportsRun)
  @ApiOperation({
    operationId: 'createSchedule',
    summary: 'Start a report or an export by the clock',
    description:
      'A cron expression in a time zone, and the body to start. The body is checked as if it were posted now. When clocks go ' +
      'forward, a fixed time in the gap fires at the first moment after it; when they go back, it fires in the first of the two ' +
      'hours. With a `*` in its minutes or hours an expression follows the clock on the wall: nothing in the gap, twice in the ' +
      'doubled hour.',
  })
  @ApiBody(BODY)
  @ApiResponse({ status: 201, type: ScheduleDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed, ErrorCode.ScheduleExists)
  async create(
    @CurrentCaller() { owner }: Caller,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ScheduleDto> {
    const schedule = await this.schedules.create(owner, parseSchedule(body));
    response.setHeader('Location', schedulePath(schedule.id));
    return toScheduleDto(schedule);
  }

  @Get()
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.ExportsRun)
  @ApiOperation({ operationId: 'listSchedules', summary: 'List schedules, newest first' })
  @ApiResponse({ status: 200, type: ScheduleListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @CurrentCaller() { owner }: Caller,
    @Query() { cursor, limit }: CursorDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ScheduleListDto> {
    const after = cursor === undefined ? null : decodeCursor(cursor);
    // One more than asked tells whether the list goes on.
    const found = await this.schedules.list(owner, { after, limit: limit + 1 });
    const last = found.length > limit ? found[limit - 1] : undefined;
    const next = last === undefined ? null : encodeCursor(last);
    if (next !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: next } }));
    return { schedules: found.slice(0, limit).map(toScheduleDto), next_cursor: next };
  }

  @Get(':id')
  @Needs(Scope.ReportsRead, Scope.ReportsRun, Scope.ExportsRun)
  @ApiOperation({ operationId: 'getSchedule', summary: 'Show a schedule and its next five times' })
  @ApiResponse({ status: 200, type: ScheduleDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.ScheduleNotFound)
  async get(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<ScheduleDto> {
    return toScheduleDto(await this.schedules.get(owner, id));
  }

  @Patch(':id')
  @Needs(Scope.ReportsRun, Scope.ExportsRun)
  @ApiOperation({
    operationId: 'changeSchedule',
    summary: 'Change a schedule',
    description: 'Fields that are left out stay. Other times count from now on.',
  })
  @ApiBody(BODY)
  @ApiResponse({ status: 200, type: ScheduleDto })
  @ApiProblems(
    ErrorCode.MalformedRequest,
    ErrorCode.ValidationFailed,
    ErrorCode.ScheduleNotFound,
    ErrorCode.ScheduleExists,
  )
  async patch(@CurrentCaller() { owner }: Caller, @IdParam() id: string, @Body() body: unknown): Promise<ScheduleDto> {
    return toScheduleDto(await this.schedules.change(owner, id, (settings) => patchSchedule(settings, body)));
  }

  @Put(':id')
  @Needs(Scope.ReportsRun, Scope.ExportsRun)
  @ApiOperation({
    operationId: 'replaceSchedule',
    summary: 'Replace a schedule',
    description: 'Fields that are left out get their defaults. Its history stays.',
  })
  @ApiBody(BODY)
  @ApiResponse({ status: 200, type: ScheduleDto })
  @ApiProblems(
    ErrorCode.MalformedRequest,
    ErrorCode.ValidationFailed,
    ErrorCode.ScheduleNotFound,
    ErrorCode.ScheduleExists,
  )
  async replace(
    @CurrentCaller() { owner }: Caller,
    @IdParam() id: string,
    @Body() body: unknown,
  ): Promise<ScheduleDto> {
    return toScheduleDto(await this.schedules.change(owner, id, () => parseSchedule(body)));
  }

  @Delete(':id')
  @Needs(Scope.ReportsRun, Scope.ExportsRun)
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteSchedule',
    summary: 'Delete a schedule and its history',
    description: 'It fires no more. The runs that it has started stay.',
  })
  @ApiResponse({ status: 204 })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.ScheduleNotFound)
  async remove(@CurrentCaller() { owner }: Caller, @IdParam() id: string): Promise<void> {
    await this.schedules.remove(owner, id);
  }
}
