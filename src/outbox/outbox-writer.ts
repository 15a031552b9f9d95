import { Injectable } from '@nestjs/common';
import { Broadcast } from '../platform/queue/broadcast.js';
import type { NewOutboxEvent } from './outbox-event.js';
import { OutboxRepository, type OutboxTransaction } from './outbox.repository.js';

/** Where dispatchers are told that there is something to do. */
export const OUTBOX_CHANNEL = 'outbox';

/** Writing events. Whoever changes something in a transaction appends its event in the same one, and wakes after the commit. */
@Injectable()
export class OutboxWriter {
  constructor(
    private readonly repository: OutboxRepository,
    private readonly broadcast: Broadcast,
  ) {}

  /**
   * Writes an event in the caller's transaction: it is there if, and only if, the transaction is committed. An event whose id is
   * there already is not written again. Transactions that write to one stream must wait for each other (by the lock of a row
   * that they change, for example): otherwise the later event may be told before the earlier one is there.
   */
  async append(tx: OutboxTransaction, event: NewOutboxEvent): Promise<void> {
    await this.repository.append(tx, event);
  }

  /** Tells the dispatchers at once; without it they find the event a moment later. Never rejects. */
  async wake(): Promise<void> {
    await this.broadcast.publish(OUTBOX_CHANNEL, '');
  }
}
