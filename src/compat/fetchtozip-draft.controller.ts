import { Body, Controller, Delete, Get, HttpCode, Post, UseFilters } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { draftConfiguration, draftInput, type DraftInput } from '../exports/drafts/export-draft.js';
import { ExportDrafts } from '../exports/drafts/export-drafts.service.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { bodySchema } from '../platform/http/body-schema.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { parseBody } from '../platform/http/schema-issues.js';
import { ApiFetchtozipInvalid, FetchtozipProblemFilter } from './fetchtozip-problem.filter.js';
import {
  FetchBulkAnswerDto,
  FetchConfigureAnswerDto,
  FetchInputAnswerDto,
  FetchInputListDto,
  FetchMessageDto,
  type FetchInputDto,
} from './fetchtozip.dto.js';

const inputList = z.array(draftInput).min(1).max(5_000);
const IGNORED = 'tmp_dir is ignored: the service chooses where its files are.';

/** The routes of FetchtoZip by which an export is put together. */
@ApiTags('compatibility: fetchtozip')
@UseFilters(FetchtozipProblemFilter)
@Needs(Scope.ExportsRun)
@Controller('api/export')
export class FetchtozipDraftController {
  constructor(private readonly drafts: ExportDrafts) {}

  @Post('inputs')
  @HttpCode(200)
  @ApiOperation({ operationId: 'fetchtozipAddInput', summary: 'Add a column, or change the one of that name' })
  @ApiBody({ schema: bodySchema(draftInput) })
  @ApiResponse({ status: 200, type: FetchInputAnswerDto })
  @ApiFetchtozipInvalid()
  @ApiProblems(ErrorCode.MalformedRequest)
  async addInput(@CurrentCaller() { owner }: Caller, @Body() body: unknown): Promise<FetchInputAnswerDto> {
    const input = parseBody(draftInput, body);
    await this.drafts.putInputs(owner, [input]);
    return { message: 'Input added/updated successfully', input: toInputDto(input) };
  }

  @Post('bulk-inputs')
  @HttpCode(200)
  @ApiOperation({ operationId: 'fetchtozipAddInputs', summary: 'Add or change several columns' })
  @ApiBody({ schema: { ...bodySchema(inputList), example: [{ name: 'a', column: 1 }, { name: 'b', column: 2 }] } }) // prettier-ignore
  @ApiResponse({ status: 200, type: FetchBulkAnswerDto })
  @ApiFetchtozipInvalid()
  @ApiProblems(ErrorCode.MalformedRequest)
  async addInputs(@CurrentCaller() { owner }: Caller, @Body() body: unknown): Promise<FetchBulkAnswerDto> {
    const inputs = parseBody(inputList, body);
    const { added, updated } = await this.drafts.putInputs(owner, inputs);
    return {
      message: `Successfully added ${String(added)} and updated ${String(updated)} inputs`,
      count: inputs.length,
      added_count: added,
      updated_count: updated,
    };
  }

  @Get('inputs-list')
  @ApiOperation({ operationId: 'fetchtozipListInputs', summary: 'The columns so far' })
  @ApiResponse({ status: 200, type: FetchInputListDto })
  async listInputs(@CurrentCaller() { owner }: Caller): Promise<FetchInputListDto> {
    const inputs = await this.drafts.inputs(owner);
    return { inputs: inputs.map(toInputDto), count: inputs.length };
  }

  @Delete('inputs-clear')
  @ApiOperation({ operationId: 'fetchtozipClearInputs', summary: 'Forget all columns' })
  @ApiResponse({ status: 200, type: FetchMessageDto })
  async clearInputs(@CurrentCaller() { owner }: Caller): Promise<FetchMessageDto> {
    await this.drafts.clearInputs(owner);
    return { message: 'All inputs cleared' };
  }

  @Post('configure')
  @HttpCode(200)
  @ApiOperation({ operationId: 'fetchtozipConfigure', summary: 'Say what to fetch and what it becomes' })
  @ApiBody({
    schema: { ...bodySchema(draftConfiguration), example: { file_type: 'zip', rate_limit: 10, page_limit: 100 } },
  })
  @ApiResponse({ status: 200, type: FetchConfigureAnswerDto })
  @ApiFetchtozipInvalid()
  @ApiProblems(ErrorCode.MalformedRequest)
  async configure(@CurrentCaller() { owner }: Caller, @Body() body: unknown): Promise<FetchConfigureAnswerDto> {
    const config = await this.drafts.configure(owner, parseBody(draftConfiguration, body));
    return {
      message: 'Configuration updated successfully',
      config,
      ...(config.tmp_dir !== null && { warnings: [IGNORED] }),
    };
  }
}

const toInputDto = ({ name, column, change_order }: DraftInput): FetchInputDto => ({
  name,
  column,
  change_order,
});
