import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SCOPES } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { toWhoamiDto } from './access.presenter.js';
import { WhoamiDto } from './dto/whoami.dto.js';

@ApiTags('keys')
@Needs(...SCOPES)
@Controller('whoami')
export class WhoamiController {
  @Get()
  @ApiOperation({ operationId: 'whoami', summary: 'Check a credential: whose it is, and what it opens' })
  @ApiResponse({ status: 200, type: WhoamiDto })
  @ApiProblems()
  whoami(@CurrentCaller() caller: Caller): WhoamiDto {
    return toWhoamiDto(caller);
  }
}
