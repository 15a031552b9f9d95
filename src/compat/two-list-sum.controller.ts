import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { ReportsService } from '../reports/reports.service.js';

const REPORT = 'two-list-sum';
const positiveIntegers = { type: 'array', items: { type: 'integer', minimum: 1 } } as const;

/** The route of two-list-sum. */
@ApiTags('compatibility: two-list-sum')
@Needs(Scope.ReportsRun)
@Controller(REPORT)
export class TwoListSumController {
  constructor(private readonly reports: ReportsService) {}

  @Post()
  @HttpCode(200)
  // A bare boolean would go out as text/html.
  @Header('Content-Type', 'application/json; charset=utf-8')
  @ApiOperation({
    operationId: 'twoListSum',
    summary: 'Whether a number of one list and a number of the other add up to the target',
  })
  @ApiBody({
    schema: {
      type: 'object',
      properties: { list_a: positiveIntegers, list_b: positiveIntegers, target: { type: 'integer', minimum: 1 } },
      required: ['list_a', 'list_b', 'target'],
      example: { list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 },
    },
  })
  @ApiResponse({ status: 200, schema: { type: 'boolean' } })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed)
  async answer(@CurrentCaller() { owner }: Caller, @Body() body: unknown): Promise<unknown> {
    const [row] = await this.reports.evaluate(owner, REPORT, body);
    return row?.['result'];
  }
}
