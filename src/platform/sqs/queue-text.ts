import { createHash } from 'node:crypto';

const TAKEN_AS_IT_IS = /^[!-~]{1,128}$/;
/** Of what JSON leaves as it is, all that is no character of XML 1.0, which the bodies of SQS are made of. */
const NOT_IN_A_BODY = /[\ufffe\uffff]/g;

/** A group or de-duplication id for a queue: the text itself if a queue takes it, else its digest. Equal texts stay equal. */
export function queueText(text: string): string {
  return TAKEN_AS_IT_IS.test(text) ? text : createHash('sha256').update(text).digest('hex');
}

/** The value as JSON that a queue takes as the body of a message, whatever texts are in it. */
export function queueJson(value: object): string {
  return JSON.stringify(value).replace(NOT_IN_A_BODY, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
