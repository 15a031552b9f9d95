import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { IntakeMessagesRepository } from './intake-messages.repository.js';
import type { IncomingMessage, Receipt } from './intake-message.js';
import { IntakeRoutesRepository } from './intake-routes.repository.js';
import { checkMessage } from './message-check.js';
import type { Routing } from './routing.js';

/** The door: whatever brings messages, they are checked and written down here, and only then taken from where they came. */
@Injectable()
export class Receiver {
  constructor(
    private readonly messages: IntakeMessagesRepository,
    private readonly routes: IntakeRoutesRepository,
    private readonly config: Config,
  ) {}

  /** Writes messages down, the good and the bad. When it returns they are kept for good; receipts are in the same order. */
  async receive(owner: string, incoming: readonly IncomingMessage[], known?: Routing): Promise<Receipt[]> {
    const routing = known ?? (await this.routing(owner));
    return await this.messages.accept(
      owner,
      incoming.map((message) => checkMessage(message, routing)),
    );
  }

  /** The owner's own, or the configured one. */
  async routing(owner: string): Promise<Routing> {
    const { field, routes } = this.config.intake;
    return (await this.routes.find(owner)) ?? { field, routes: { ...routes } };
  }
}
