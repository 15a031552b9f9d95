import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { actAs } from '../common/actor.js';
import type { CallerRequest } from '../platform/http/caller.js';

/** Runs a route, and all that it starts, on behalf of its caller. */
@Injectable()
export class ActorInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { caller } = context.switchToHttp().getRequest<CallerRequest>();
    if (caller === undefined) return next.handle();
    // The route begins when it is subscribed to.
    return new Observable((subscriber) => actAs(caller.actor, () => next.handle().subscribe(subscriber)));
  }
}
