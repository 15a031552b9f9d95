/** What a message asks for: a document to be stored, or a run to be started. */
export const MessageType = { Document: 'document', Report: 'report', Export: 'export' } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

export const IntakeState = {
  Received: 'received',
  Stored: 'stored',
  Started: 'started',
  Rejected: 'rejected',
} as const;
/** `received` until it is `stored` (documents) or `started` (runs), or `rejected` for good. */
export type IntakeState = (typeof IntakeState)[keyof typeof IntakeState];

/** Why a message is rejected. */
export const RejectionCode = {
  InvalidJson: 'invalid-json',
  NotAnObject: 'not-an-object',
  MissingField: 'missing-field',
  EmptyField: 'empty-field',
  WrongType: 'wrong-type',
  FieldTooLong: 'field-too-long',
  UnusableText: 'unusable-text',
  UnknownRoute: 'unknown-route',
  TooLarge: 'too-large',
  IdConflict: 'id-conflict',
  RunRefused: 'run-refused',
  NotStorable: 'not-storable',
} as const;
export type RejectionCode = (typeof RejectionCode)[keyof typeof RejectionCode];

/** Why a message was rejected or, with the code of an error, what it waits for. `pointer`: JSON Pointer into the message. */
export interface Reason {
  code: string;
  detail: string;
  pointer: string | null;
}

export interface Rejection extends Reason {
  code: RejectionCode;
}

/** Largest message, in bytes: what a queue took at most for most of its life. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** A message at the door. */
export interface IncomingMessage {
  /** Exactly what came; a stored document is these bytes. */
  body: Buffer;
  /** Of the queue; null lets the message itself decide. */
  group: string | null;
}

/** A message that has passed the checks, or has not. Not yet written down. */
export interface CheckedMessage extends Pick<IncomingMessage, 'body'> {
  /** The sender's id, null if it cannot be read. */
  messageId: string | null;
  type: MessageType;
  group: string;
  title: string | null;
  /** Value of the routing field. */
  route: string | null;
  bucket: string | null;
  rejection: Rejection | null;
}

/** A message as it is kept. */
export interface IntakeMessage {
  id: string;
  owner: string;
  messageId: string | null;
  type: MessageType;
  group: string;
  state: IntakeState;
  title: string | null;
  route: string | null;
  bucket: string | null;
  /** Name of the object in the bucket: decided before the object is put. */
  key: string | null;
  runId: string | null;
  reason: Reason | null;
  createdAt: Date;
  finishedAt: Date | null;
  /** When its output message or dead letter had been sent. */
  toldAt: Date | null;
}

/** What became of a message at the door. */
export interface Receipt {
  message: IntakeMessage;
  /** The same message had come before: nothing was written. */
  repeated: boolean;
}

/** What is sent for a stored document. */
export interface OutputMessage {
  file_name: string;
  bucket: string;
  id: string;
}
