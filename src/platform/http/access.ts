import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { ErrorCode } from '../../common/errors.js';
import type { Scope } from '../../common/scope.js';
import { ApiProblems } from './api-problems.js';
import type { Caller, CallerRequest } from './caller.js';

/** Names of the two ways to send a credential, in the OpenAPI document. */
export const BEARER_SCHEME = 'bearer';
export const KEY_SCHEME = 'api_key';

/** What a route asks of its caller. */
export type RouteAccess = { readonly anyOf: readonly Scope[] } | { readonly open: string };

export const ROUTE_ACCESS = 'longhaul:access';

/**
 * The route, or every route of the class, is for callers who hold one of the scopes. In the OpenAPI document each scope is a
 * requirement of its own, which is how that says "one of".
 */
export function Needs(...anyOf: readonly [Scope, ...Scope[]]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(ROUTE_ACCESS, { anyOf } satisfies RouteAccess),
    ...[BEARER_SCHEME, KEY_SCHEME].flatMap((scheme) => anyOf.map((scope) => ApiSecurity(scheme, [scope]))),
    ApiProblems(ErrorCode.Unauthenticated, ErrorCode.InsufficientScope, ErrorCode.TooManyRequests),
  );
}

/** The route is for everybody; `why` says why that is safe. Without `Needs` or `Open` a route is closed to all. */
export const Open = (why: string): MethodDecorator & ClassDecorator =>
  SetMetadata(ROUTE_ACCESS, { open: why } satisfies RouteAccess);

/** Finds out who calls, over HTTP and WebSockets alike. */
export abstract class Authenticator {
  /**
   * The caller that the request's credential stands for. Throws `Unauthenticated` when it has none, or one that is unknown,
   * expired or revoked; `ServiceUnavailable` when that cannot be found out.
   */
  abstract authenticate(request: CallerRequest): Promise<Caller>;
}
