/** Something that happened, as it is told outside: thin, with ids, status and links, and never a signed URL. */
export interface OutboxEvent {
  /** Order of writing. */
  sequence: bigint;
  /** Stable: the same in every repetition, for receivers to tell repetitions by. */
  id: string;
  owner: string;
  /** Events of one stream are told in their order: `run:<id>`, `group:<message group>`. */
  stream: string;
  /** `report.completed`, `export.error`, `document.stored`, ... */
  type: string;
  data: Record<string, unknown>;
  /** The receiver that the request for the run named; null if none. */
  callbackUrl: string | null;
  createdAt: Date;
}

/** An event to be written. `id` is a UUID, made by the writer: version 7, or derived from what it tells of. */
export type NewOutboxEvent = Omit<OutboxEvent, 'sequence' | 'createdAt'>;

/** One who is told of events. An event counts as told when every sink has taken it. */
export abstract class OutboxSink {
  /** Unique, and the same in every version: kept with an event that others could not take yet. For logs too. */
  abstract readonly name: string;
  /**
   * Takes an event for good: sends it, or writes down that it has to be sent. May be called again with the same event, which must
   * not be told twice as another one. Throws when it cannot be taken now; it is tried again with a growing pause, and later
   * events of the stream wait.
   */
  abstract take(event: OutboxEvent): Promise<void>;
}

/** Types of the events of runs: the kind, then how the run ended. */
export const RUN_EVENT_TYPES = [
  ...['report.completed', 'report.error', 'report.cancelled'],
  ...['export.completed', 'export.error', 'export.cancelled'],
] as const;
export const DOCUMENT_STORED = 'document.stored';
export const EVENT_TYPES = [...RUN_EVENT_TYPES, DOCUMENT_STORED] as const;
