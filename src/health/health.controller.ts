import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Open } from '../platform/http/access.js';
import { HealthDto, ProbeDto } from './health.dto.js';
import { HealthService, type Probe } from './health.service.js';

/** Probes of Kubernetes and a view of the dependencies. No authentication, no `/api/v1`. */
@ApiTags('health')
@Open('Probes have no credential, and the answer names no secret.')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @ApiOperation({ operationId: 'getHealth', summary: 'Every dependency, and whether it is available' })
  @ApiResponse({ status: 200, type: HealthDto })
  @ApiResponse({ status: 503, type: HealthDto, description: 'One of them is not available.' })
  async overview(@Res({ passthrough: true }) response: Response): Promise<HealthDto> {
    const health = await this.health.overview();
    response.status(health.statusCode);
    return health;
  }

  @Get('live')
  @ApiOperation({ operationId: 'getLiveness', summary: 'Whether the process answers; asks no dependency' })
  @ApiResponse({ status: 200, type: ProbeDto })
  live(): ProbeDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ operationId: 'getReadiness', summary: 'Whether requests should be sent here' })
  @ApiResponse({ status: 200, type: ProbeDto })
  @ApiResponse({ status: 503, type: ProbeDto, description: 'Starting, draining, or without the database.' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ProbeDto> {
    return answer(response, await this.health.ready());
  }

  @Get('startup')
  @ApiOperation({ operationId: 'getStartup', summary: 'Whether the migrations of this build are applied' })
  @ApiResponse({ status: 200, type: ProbeDto })
  @ApiResponse({ status: 503, type: ProbeDto })
  async startup(@Res({ passthrough: true }) response: Response): Promise<ProbeDto> {
    return answer(response, await this.health.started());
  }
}

function answer(response: Response, { ok, reason }: Probe): ProbeDto {
  response.status(ok ? 200 : 503);
  return ok ? { status: 'ok' } : { status: 'unavailable', reason };
}
