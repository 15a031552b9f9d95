import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { GATEWAY_OPTIONS } from '@nestjs/websockets/constants.js';
import { isAllowed, type Scope } from '../../common/scope.js';
import { InsufficientScope } from './access-errors.js';
import { ROUTE_ACCESS, type Authenticator, type RouteAccess } from './access.js';
import type { Caller, CallerRequest } from './caller.js';

/** Lets callers into gateways as `@Needs` says on their classes. A gateway that does not say it is closed. */
export class SocketAccess {
  private scopes: ReadonlyMap<string, readonly Scope[]> | undefined;

  constructor(
    private readonly app: INestApplication,
    private readonly authenticator: Authenticator,
  ) {}

  /** Who wants to connect to the gateway of the path. Throws `Unauthenticated`, `InsufficientScope`, or `ServiceUnavailable`. */
  async callerOn(path: string, request: CallerRequest): Promise<Caller> {
    const caller = await this.authenticator.authenticate(request);
    const anyOf = (this.scopes ??= scopesByPath(this.app)).get(path) ?? [];
    if (anyOf.length === 0 || !isAllowed(caller.scopes, anyOf)) throw new InsufficientScope(anyOf);
    return caller;
  }
}

function scopesByPath(app: INestApplication): Map<string, readonly Scope[]> {
  const scopes = new Map<string, readonly Scope[]>();
  for (const { providers } of app.get(ModulesContainer).values()) {
    for (const { metatype } of providers.values()) {
      if (typeof metatype !== 'function') continue;
      // What `@WebSocketGateway` and `@Needs` leave behind.
      const options = Reflect.getMetadata(GATEWAY_OPTIONS, metatype) as { path?: string } | undefined;
      const access = Reflect.getMetadata(ROUTE_ACCESS, metatype) as RouteAccess | undefined;
      if (options?.path !== undefined && access && 'anyOf' in access) scopes.set(options.path, access.anyOf);
    }
  }
  return scopes;
}
