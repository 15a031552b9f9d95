import { Injectable } from '@nestjs/common';
import { AppError, ErrorCode } from '../common/errors.js';
import type { CursorPosition } from '../common/pagination.js';
import { IntakeState, type IntakeMessage, type Receipt } from './intake-message.js';
import { IntakeMessagesRepository } from './intake-messages.repository.js';
import { IntakeOutputsRepository, type KeptOutput } from './intake-outputs.repository.js';
import { IntakeRoutesRepository } from './intake-routes.repository.js';
import { IntakeQueue } from './intake.queue.js';
import { Receiver } from './receiver.js';
import type { Routing } from './routing.js';

class MessageMissing extends AppError {
  readonly code = ErrorCode.NotFound;

  constructor(id: string) {
    super(`There is no message with the id ${JSON.stringify(id)}. Send it with POST /api/v1/intake/messages.`);
  }
}

/** The intake over HTTP. */
@Injectable()
export class IntakeService {
  constructor(
    private readonly receiver: Receiver,
    private readonly messages: IntakeMessagesRepository,
    private readonly routes: IntakeRoutesRepository,
    private readonly outputs: IntakeOutputsRepository,
    private readonly queue: IntakeQueue,
  ) {}

  /** Writes messages down and tells the workers. They are kept for good also if Redis is away: a sweep finds them. */
  async receive(owner: string, bodies: readonly Buffer[]): Promise<Receipt[]> {
    const receipts = await this.receiver.receive(
      owner,
      bodies.map((body) => ({ body, group: null })),
    );
    const newest = new Map<string, string>();
    for (const { message, repeated } of receipts) {
      if (!repeated && message.state === IntakeState.Received) newest.set(message.group, message.id);
    }
    await Promise.all([...newest].map(async ([group, id]) => await this.queue.enqueue(id, { owner, group })));
    return receipts;
  }

  /** Throws an error of code `not-found`. */
  async get(owner: string, messageId: string): Promise<IntakeMessage> {
    const message = await this.messages.find(owner, messageId);
    if (!message) throw new MessageMissing(messageId);
    return message;
  }

  /** Newest first. */
  async list(
    owner: string,
    query: { state: IntakeState | undefined; after: CursorPosition | undefined; limit: number },
  ): Promise<IntakeMessage[]> {
    return await this.messages.list(owner, query);
  }

  async routing(owner: string): Promise<Routing> {
    return await this.receiver.routing(owner);
  }

  /** Holds for messages that come from now on. */
  async route(owner: string, routing: Routing): Promise<void> {
    await this.routes.put(owner, routing);
  }

  /** Oldest first; `after` is a `sequence`. */
  async listOutputs(owner: string, query: { after: bigint; limit: number }): Promise<KeptOutput[]> {
    return await this.outputs.list(owner, query);
  }
}
