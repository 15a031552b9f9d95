import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { ROUTE_ACCESS, type RouteAccess } from '../platform/http/access.js';
import { callerOf, type CallerRequest } from '../platform/http/caller.js';
import { rateHeaders, RequestRates, requireRate } from './request-rate.js';

/** Counts what known callers ask for, after it is known who they are. Routes that are open to all are not counted. */
@Injectable()
export class RequestRateGuard implements CanActivate {
  constructor(
    private readonly rates: RequestRates,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    // Events over a socket are no requests.
    if (context.getType() !== 'http') return true;
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access !== undefined && 'open' in access) return true;
    const http = context.switchToHttp();
    const rate = await this.rates.add(callerOf(http.getRequest<CallerRequest>()).owner);
    http.getResponse<Response>().set(rateHeaders(rate));
    requireRate(rate);
    return true;
  }
}
