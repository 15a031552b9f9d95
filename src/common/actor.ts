import { AsyncLocalStorage } from 'node:async_hooks';

/** `anonymous` is who calls while authentication is off; `operator` a command line; `system` the service itself. */
export const ACTOR_TYPES = ['key', 'token', 'anonymous', 'schedule', 'queue', 'operator', 'system'] as const;

/** Who does something, as the audit keeps it. */
export interface Actor {
  type: (typeof ACTOR_TYPES)[number];
  /** Id of the key or schedule, subject of the token, user of the command line; null where there is none. */
  id: string | null;
  /** Where the request came from. */
  address: string | null;
  requestId: string | null;
}

const SYSTEM: Actor = { type: 'system', id: null, address: null, requestId: null };

const actors = new AsyncLocalStorage<Actor>();

/** Who the running code works for: the service itself, unless `actAs` says otherwise. */
export const currentActor = (): Actor => actors.getStore() ?? SYSTEM;

/** Runs `work`, and all that it starts, on behalf of the actor. */
export const actAs = <T>(actor: Actor, work: () => T): T => actors.run(actor, work);
