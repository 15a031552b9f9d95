import { EVENT_TYPES } from '../outbox/outbox-event.js';

/** Sent by a test of an endpoint, whatever its filter says. */
export const PING = 'ping';

/** Every event. */
export const ALL_EVENTS = '*';

/** What the filter of an endpoint may name: every event, those of a kind, or one type. */
export const EVENT_FILTERS: readonly string[] = [
  ALL_EVENTS,
  ...new Set(EVENT_TYPES.map((type) => type.replace(/[^.]+$/, '*'))),
  ...EVENT_TYPES,
];

/** The filters that an event of the type passes. */
export function filtersOf(type: string): string[] {
  const parts = type.split('.').slice(0, -1);
  return [ALL_EVENTS, ...parts.map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`), type];
}

/** A receiver of an owner's events. Its secret is never part of it. */
export interface WebhookEndpoint {
  id: string;
  owner: string;
  url: string;
  description: string | null;
  /** Of `EVENT_FILTERS`; an event that passes one of them is sent. */
  events: string[];
  enabled: boolean;
  /** Why the service disabled it; null if it is enabled, or its owner disabled it. */
  disabledReason: string | null;
  /** Until when the secret before the current one signs too; null if there is none. */
  previousUntil: Date | null;
  createdAt: Date;
}

/** What its owner may change. */
export type EndpointChange = Partial<Pick<WebhookEndpoint, 'url' | 'description' | 'events' | 'enabled'>>;

export const DeliveryStatus = { Pending: 'pending', Delivered: 'delivered', Failed: 'failed' } as const;
export type DeliveryStatus = (typeof DeliveryStatus)[keyof typeof DeliveryStatus];

/** One attempt. `status` is that of the answer, null if none came; `error` is for the owner, null if the receiver took it. */
export interface DeliveryLogEntry {
  /** RFC 3339. */
  at: string;
  status: number | null;
  ms: number;
  error: string | null;
}

/** One event for one receiver: an endpoint, or the callback URL of a run (`endpointId` is null). */
export interface Delivery {
  id: string;
  endpointId: string | null;
  eventId: string;
  type: string;
  url: string;
  status: DeliveryStatus;
  attempts: number;
  nextAt: Date;
  createdAt: Date;
  finishedAt: Date | null;
  /** The newest last; only the last ones are kept. */
  log: DeliveryLogEntry[];
}

/** Whose callback URLs these are, or which endpoint's: what lists and replays look at. */
export interface DeliveryScope {
  owner: string;
  /** Null: callback URLs. */
  endpointId: string | null;
}
