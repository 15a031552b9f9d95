import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { retryAfterMs } from '../common/retry-after.js';
import { SealBroken } from '../common/text-seal.js';
import { Config } from '../config/config.js';
import { OutboundRefused } from '../platform/outbound/outbound-errors.js';
import { OutboundHttp } from '../platform/outbound/outbound-http.js';
import type { DeliveryClaim } from './delivery-claims.repository.js';
import type { Reaction } from './delivery-verdict.js';
import { webhookHeaders } from './signature.js';
import { SealKeyMissing } from './webhook-errors.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** An answer says all by its status. */
const MAX_ANSWER_BYTES = 65_536;
const UNSIGNABLE =
  'The secret of the endpoint cannot be opened: the operator must give the workers the WEBHOOK_SEAL_KEY that it was made with.';

/** Sends one event to one receiver, once. */
@Injectable()
export class DeliveryAttempt {
  constructor(
    private readonly http: OutboundHttp,
    private readonly secrets: WebhookSecrets,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Rejects only with the reason of the signal, or with what nobody expected. */
  async send(claim: DeliveryClaim, signal: AbortSignal): Promise<Reaction> {
    const at = this.clock.now();
    const body = Buffer.from(payloadOf(claim));
    try {
      const { status, headers } = await this.http.post({
        url: claim.url,
        headers: {
          'content-type': 'application/json',
          ...webhookHeaders({ id: claim.eventId, at, body }, this.secretsOf(claim)),
        },
        body,
        signal,
        timeoutMs: this.config.webhooks.timeoutSeconds * 1000,
        maxBytes: MAX_ANSWER_BYTES,
      });
      const asked = retryAfterMs(headers['retry-after'], this.clock.now().getTime());
      return { status, retryAfterSeconds: asked === null ? null : asked / 1000 };
    } catch (error) {
      if (error instanceof SealBroken || error instanceof SealKeyMissing) {
        return { status: null, error: UNSIGNABLE, isFinal: false };
      }
      if (error instanceof AppError) {
        return { status: null, error: error.message, isFinal: error instanceof OutboundRefused };
      }
      throw error;
    }
  }

  /** The newest first; none for a callback URL, whose receiver has agreed on none with us. */
  private secretsOf({ secret, previousSecret }: DeliveryClaim): string[] {
    return [secret, previousSecret].filter((sealed) => sealed !== null).map((sealed) => this.secrets.open(sealed));
  }
}

/** The same to the byte in every attempt: it is made of what is kept only. */
function payloadOf({ type, createdAt, data }: DeliveryClaim): string {
  return JSON.stringify({ type, timestamp: createdAt.toISOString(), data });
}
