import { Sqs } from './sqs.js';

const refused = (): Promise<never> => Promise.reject(new Error('No queue is configured.'));

/** Where no queue is configured: nobody asks, and the AWS SDK need not be loaded. */
export class NoSqs extends Sqs {
  send = refused;
  receive = refused;
  remove = refused;
  hide = refused;
  check = refused;
}
