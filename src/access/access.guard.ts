import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { isAllowed } from '../common/scope.js';
import { InsufficientScope } from '../platform/http/access-errors.js';
import { Authenticator, ROUTE_ACCESS, type RouteAccess } from '../platform/http/access.js';
import type { CallerRequest } from '../platform/http/caller.js';

/** Lets a request in if its route is open, or if its caller has a scope that opens it. What does not say who may is closed. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access !== undefined && 'open' in access) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<CallerRequest>();
    try {
      const caller = await this.authenticator.authenticate(request);
      const anyOf = access?.anyOf ?? [];
      if (anyOf.length === 0 || !isAllowed(caller.scopes, anyOf)) throw new InsufficientScope(anyOf);
      request.caller = caller;
      return true;
    } catch (error) {
      // What is still to come of the body is not read; otherwise it would be, to its end, before the next request.
      if (!request.complete) http.getResponse<Response>().setHeader('Connection', 'close');
      throw error;
    }
  }
}
