import { Body, Controller, Delete, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ErrorCode } from '../common/errors.js';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CurrentCaller, type Caller } from '../platform/http/caller.js';
import { IdParam } from '../platform/http/id-param.js';
import { linkHeader } from '../platform/http/links.js';
import { keyPath, toKeyDto, toSecretKeyDto } from './access.presenter.js';
import { ApiKeysService } from './api-keys.service.js';
import { CreateKeyDto, KeyDto, KeyListDto, ListKeysQueryDto, RotateKeyDto, SecretKeyDto } from './dto/api-key.dto.js';

@ApiTags('keys')
@Needs(Scope.Admin)
@Controller('keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post()
  @ApiOperation({
    operationId: 'createKey',
    summary: 'Make an API key',
    description: 'For any owner. The answer has the key itself, which is kept as a digest only: it is not shown again.',
  })
  @ApiResponse({ status: 201, type: SecretKeyDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed)
  async create(
    @CurrentCaller() caller: Caller,
    @Body() { name, owner, scopes, expires_at }: CreateKeyDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SecretKeyDto> {
    const expiresAt = typeof expires_at === 'string' ? new Date(expires_at) : null;
    const made = await this.keys.create({ name, owner: owner ?? caller.owner, scopes, expiresAt });
    response.setHeader('Location', keyPath(made.key.id)).setHeader('Cache-Control', 'no-store');
    return toSecretKeyDto(made);
  }

  @Get()
  @ApiOperation({ operationId: 'listKeys', summary: 'List API keys of all owners, newest first' })
  @ApiResponse({ status: 200, type: KeyListDto })
  @ApiProblems(ErrorCode.ValidationFailed)
  async list(
    @Query() { owner, limit, cursor }: ListKeysQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<KeyListDto> {
    const { keys, nextCursor } = await this.keys.list({ owner, limit, cursor });
    if (nextCursor !== null) response.setHeader('Link', linkHeader(request, { next: { cursor: nextCursor } }));
    return { keys: keys.map(toKeyDto), next_cursor: nextCursor };
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getKey', summary: 'Show an API key' })
  @ApiResponse({ status: 200, type: KeyDto })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.KeyNotFound)
  async get(@IdParam() id: string): Promise<KeyDto> {
    return toKeyDto(await this.keys.get(id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'revokeKey',
    summary: 'Revoke an API key',
    description:
      'It is refused from the next request on, and stays in the list. Also the key that the request is sent with: one that ' +
      'has leaked can be ended by whoever holds it.',
  })
  @ApiResponse({ status: 204 })
  @ApiProblems(ErrorCode.ValidationFailed, ErrorCode.KeyNotFound)
  async revoke(@IdParam() id: string): Promise<void> {
    await this.keys.revoke(id);
  }

  @Post(':id/rotate')
  @ApiOperation({
    operationId: 'rotateKey',
    summary: 'Replace an API key',
    description:
      'Makes a key of the same owner, name, scopes and lifetime. The old one goes on working for `overlap_seconds`, but not ' +
      'longer than it would have. A key is rotated once: the next time it is the turn of the new one.',
  })
  @ApiResponse({ status: 201, type: SecretKeyDto })
  @ApiProblems(ErrorCode.MalformedRequest, ErrorCode.ValidationFailed, ErrorCode.KeyNotFound)
  async rotate(
    @IdParam() id: string,
    @Body() { overlap_seconds }: RotateKeyDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SecretKeyDto> {
    const made = await this.keys.rotate(id, overlap_seconds);
    response.setHeader('Location', keyPath(made.key.id)).setHeader('Cache-Control', 'no-store');
    return toSecretKeyDto(made);
  }
}
