import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ErrorCode } from '../common/errors.js';
import { Scope, SCOPES } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { bodySchema } from '../platform/http/body-schema.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { parseBody } from '../platform/http/schema-issues.js';
import { LimitsDto, OwnerLimitsDto } from './dto/limits.dto.js';
import { Limits } from './limits.js';
import { toLimitsDto, toOwnerLimitsDto } from './limits.presenter.js';
import { limitChanges } from './owner-limits.js';
import { RequestRates } from './request-rate.js';

const OwnerParam = () => ApiParam({ name: 'owner', example: 'acme' });

/** What callers may use, and what they do use. */
@ApiTags('limits')
@Controller('limits')
export class LimitsController {
  constructor(
    private readonly limits: Limits,
    private readonly rates: RequestRates,
  ) {}

  @Get()
  @Needs(...SCOPES)
  @ApiOperation({ operationId: 'getLimits', summary: 'What you may use, and how much of it is used' })
  @ApiResponse({ status: 200, type: LimitsDto })
  @ApiProblems()
  async show(@CurrentCaller() { owner }: Caller): Promise<LimitsDto> {
    const [limits, use, rate] = await Promise.all([
      this.limits.of(owner),
      this.limits.use(owner),
      this.rates.show(owner),
    ]);
    return toLimitsDto(limits, use, rate);
  }
}

/** What owners may use, where it differs from the configured limits. */
@ApiTags('limits')
@Needs(Scope.Admin)
@Controller('owners/:owner/limits')
export class OwnerLimitsController {
  constructor(private readonly limits: Limits) {}

  @Get()
  @OwnerParam()
  @ApiOperation({ operationId: 'getOwnerLimits', summary: 'Limits of an owner, and which of them are its own' })
  @ApiResponse({ status: 200, type: OwnerLimitsDto })
  @ApiProblems()
  async show(@Param('owner') owner: string): Promise<OwnerLimitsDto> {
    return toOwnerLimitsDto(owner, await this.limits.changesOf(owner), this.limits.configured);
  }

  @Put()
  @OwnerParam()
  @ApiOperation({
    operationId: 'putOwnerLimits',
    summary: 'Set limits of an owner',
    description:
      'The body is all that differs from the configured limits: what it does not name is as configured. In force at once, and ' +
      'after 5 s at the latest where Redis is away.',
  })
  @ApiBody({
    schema: bodySchema(limitChanges),
    examples: { fewer: { value: { queued: 100, requests_per_minute: 600 } } },
  })
  @ApiResponse({ status: 200, type: OwnerLimitsDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed)
  async put(@Param('owner') owner: string, @Body() body: unknown): Promise<OwnerLimitsDto> {
    const changes = parseBody(limitChanges, body);
    await this.limits.change(owner, changes);
    return toOwnerLimitsDto(owner, changes, this.limits.configured);
  }

  @Delete()
  @HttpCode(204)
  @OwnerParam()
  @ApiOperation({ operationId: 'deleteOwnerLimits', summary: 'Give an owner the configured limits again' })
  @ApiResponse({ status: 204 })
  @ApiProblems()
  async remove(@Param('owner') owner: string): Promise<void> {
    await this.limits.reset(owner);
  }
}
