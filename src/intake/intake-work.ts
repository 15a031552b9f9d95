import type { IntakeMessage, IntakeState, Reason } from './intake-message.js';

/** A message that is to be worked on. */
export interface WaitingMessage extends Pick<
  IntakeMessage,
  'id' | 'owner' | 'messageId' | 'type' | 'group' | 'title' | 'route' | 'bucket' | 'key'
> {
  body: Buffer;
  /** How often it could not be worked on for a technical reason. */
  failures: number;
}

/** What became of a message. */
export interface Outcome {
  message: WaitingMessage;
  state: Exclude<IntakeState, 'received'>;
  runId: string | null;
  reason: Reason | null;
}

/** Messages of a group are stored in their order. */
export interface GroupKey {
  owner: string;
  group: string;
}
