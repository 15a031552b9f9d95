import { createHash } from 'node:crypto';

const TAKEN_AS_IT_IS = /^[!-~]{1,128}$/;

/** A group or de-duplication id for a queue: the text itself if a queue takes it, else its digest. Equal texts stay equal. */
export function queueText(text: string): string {
  return TAKEN_AS_IT_IS.test(text) ? text : createHash('sha256').update(text).digest('hex');
}
