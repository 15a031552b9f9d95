import { isObject } from '../common/is-object.js';
import { faultOf } from '../platform/http/request-input.js';
import { pointerTo } from '../common/json-pointer.js';
import {
  MAX_MESSAGE_BYTES,
  MessageType,
  RejectionCode,
  type CheckedMessage,
  type IncomingMessage,
  type Rejection,
} from './intake-message.js';
import { bucketFor, type Routing } from './routing.js';

type Fields = Readonly<Record<string, unknown>>;

/** So that it fits a de-duplication key, an index and a URL. */
const MAX_FIELD_LENGTH = { id: 255, title: 2000, route: 255 };
/** Fields of the documents that are texts if they are there. */
const TEXTS = ['author', 'year', 'summary'];
const GROUP_OF_REJECTED = 'rejected';

class Refused extends Error {
  constructor(readonly rejection: Rejection) {
    super(rejection.detail);
  }
}

/** Looks at everything that the message alone can tell. Never throws: what is wrong is in `rejection`. */
export function checkMessage({ body, group }: IncomingMessage, routing: Routing): CheckedMessage {
  const seen: CheckedMessage = {
    ...{ body, messageId: null, type: MessageType.Document, group: group ?? GROUP_OF_REJECTED },
    ...{ title: null, route: null, bucket: null, rejection: null },
  };
  try {
    const fields = readFields(body);
    const { type } = fields;
    if (type === MessageType.Report || type === MessageType.Export) seen.type = type;
    seen.messageId = textOf(fields, 'id', MAX_FIELD_LENGTH.id);
    if (seen.type === MessageType.Document) checkDocument(fields, routing, seen);
    else if (!isObject(fields['body'])) refuseField(fields, 'body', 'must be the body of the request for the run');
    seen.group = group ?? seen.route ?? seen.type;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    seen.rejection = error.rejection;
  }
  return seen;
}

function readFields(body: Buffer): Fields {
  if (body.length > MAX_MESSAGE_BYTES) {
    const detail = `has ${String(body.length)} bytes; at most ${String(MAX_MESSAGE_BYTES)} are taken`;
    throw new Refused({ code: RejectionCode.TooLarge, detail, pointer: null });
  }
  const value = parse(body);
  if (!isObject(value)) {
    throw new Refused({ code: RejectionCode.NotAnObject, detail: 'must be a JSON object', pointer: '' });
  }
  const fault = faultOf(value);
  if (fault) {
    const { detail, pointer = '' } = fault;
    throw new Refused({ code: RejectionCode.UnusableText, detail, pointer });
  }
  return value;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch (error) {
    const detail = `is no JSON: ${error instanceof SyntaxError ? error.message : 'the bytes are no UTF-8'}`;
    // The parser quotes the text, which may have what no column of text can keep.
    throw new Refused({ code: RejectionCode.InvalidJson, detail: printable(detail), pointer: null });
  }
}

const printable = (text: string): string => text.toWellFormed().replace(/\p{Cc}/gu, ' ');

function checkDocument(fields: Fields, routing: Routing, seen: CheckedMessage): void {
  seen.title = textOf(fields, 'title', MAX_FIELD_LENGTH.title);
  seen.route = textOf(fields, routing.field, MAX_FIELD_LENGTH.route);
  for (const name of TEXTS) {
    if (fields[name] !== undefined && typeof fields[name] !== 'string') refuseField(fields, name, 'must be a string');
  }
  seen.bucket = bucketFor(routing, seen.route);
  if (seen.bucket !== null) return;
  const detail = `has no route: ${JSON.stringify(seen.route)}. Routes are set with PUT /api/v1/intake/routes`;
  throw new Refused({ code: RejectionCode.UnknownRoute, detail, pointer: pointerTo(routing.field) });
}

function textOf(fields: Fields, name: string, maxLength: number): string {
  const value = fields[name];
  if (typeof value !== 'string') return refuseField(fields, name, 'must be a string');
  const pointer = pointerTo(name);
  if (value.trim() === '') throw new Refused({ code: RejectionCode.EmptyField, detail: 'must not be empty', pointer });
  if (value.length > maxLength) {
    const detail = `must have at most ${String(maxLength)} characters`;
    throw new Refused({ code: RejectionCode.FieldTooLong, detail, pointer });
  }
  return value;
}

function refuseField(fields: Fields, name: string, rule: string): never {
  const isMissing = !Object.hasOwn(fields, name);
  const code = isMissing ? RejectionCode.MissingField : RejectionCode.WrongType;
  throw new Refused({ code, detail: isMissing ? 'is required' : rule, pointer: pointerTo(name) });
}
