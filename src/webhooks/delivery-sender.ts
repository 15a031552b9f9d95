import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { DeliveryAttempt } from './delivery-attempt.js';
import { type DeliveryClaim, DeliveryClaimsRepository } from './delivery-claims.repository.js';
import { verdictOn } from './delivery-verdict.js';
import { RetrySchedule } from './retry-schedule.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';

/** So that one receiver that does not answer leaves room for the others. */
const PER_RECEIVER = 4;
/** Beyond the time-out: for claiming, and for noting how it went. */
const LEASE_MARGIN_SECONDS = 10;
const DEAD_AFTER = { failures: 5, seconds: 5 * 86_400 };
const GONE_REASON = 'It answered 410 Gone.';
const DEAD_REASON = `It took nothing for 5 days, while at least ${String(DEAD_AFTER.failures)} events could not be delivered.`;

/**
 * Claims deliveries, sends them and notes how it went. Killed between the two, the delivery is claimed again when its lease runs
 * out, and sent again with the same `webhook-id`.
 */
@Injectable()
export class DeliverySender {
  private readonly logger = new Logger(DeliverySender.name);

  constructor(
    private readonly claims: DeliveryClaimsRepository,
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly attempt: DeliveryAttempt,
    private readonly schedule: RetrySchedule,
    private readonly config: Config,
  ) {}

  /** At most so many deliveries that are due, in the hand of the caller, who must deliver each. */
  async claim(limit: number): Promise<DeliveryClaim[]> {
    const leaseSeconds = this.config.webhooks.timeoutSeconds + LEASE_MARGIN_SECONDS;
    return await this.claims.claim({ limit, perReceiver: PER_RECEIVER, leaseSeconds });
  }

  /** One attempt. When the signal aborts, the delivery is given back. Never rejects. */
  async deliver(claim: DeliveryClaim, signal: AbortSignal): Promise<void> {
    try {
      await this.attemptOf(claim, signal);
    } catch (error) {
      if (!signal.aborted) {
        // It is due again when its lease has run out.
        this.logger.error({ err: error, msg: 'a delivery could not be sent or noted', delivery: claim.id });
        return;
      }
      await this.release(claim);
    }
  }

  private async attemptOf(claim: DeliveryClaim, signal: AbortSignal): Promise<void> {
    const [at, began] = [new Date().toISOString(), performance.now()];
    const reaction = await this.attempt.send(claim, signal);
    const { outcome, error, isGone } = verdictOn(reaction, claim, this.schedule);
    const ms = Math.round(performance.now() - began);
    const noted = await this.claims.note(claim, { at, status: reaction.status, ms, error }, outcome);
    const { endpointId: id, url } = claim;
    if (!noted || id === null || outcome.kind !== 'failed') return;
    const disabled = isGone
      ? await this.endpoints.disable({ id, url }, GONE_REASON)
      : await this.endpoints.disableIfDead(id, DEAD_REASON, DEAD_AFTER);
    if (disabled) this.logger.warn({ msg: 'a webhook endpoint was disabled', endpoint: id });
  }

  private async release(claim: DeliveryClaim): Promise<void> {
    try {
      await this.claims.release(claim);
    } catch (error) {
      this.logger.warn({
        err: error,
        msg: 'a delivery could not be given back; its lease runs out',
        delivery: claim.id,
      });
    }
  }
}
