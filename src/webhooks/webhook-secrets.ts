import { Injectable } from '@nestjs/common';
import { TextSeal } from '../common/text-seal.js';
import { Config } from '../config/config.js';
import { newSecret } from './signature.js';
import { SealKeyMissing } from './webhook-errors.js';

/** Secrets of endpoints: made here, kept sealed. */
@Injectable()
export class WebhookSecrets {
  private readonly textSeal: TextSeal | null;

  constructor(config: Config) {
    const { sealKey } = config.webhooks;
    this.textSeal = sealKey === undefined ? null : new TextSeal(sealKey, 'webhook secret');
  }

  /** A new secret, to be shown once, and as it is kept. Throws `SealKeyMissing`. */
  make(): { secret: string; sealed: string } {
    const secret = newSecret();
    return { secret, sealed: this.seal().seal(secret) };
  }

  /** Throws `SealKeyMissing`, or `SealBroken` for one that was sealed with another key. */
  open(sealed: string): string {
    return this.seal().open(sealed);
  }

  private seal(): TextSeal {
    if (this.textSeal === null) throw new SealKeyMissing();
    return this.textSeal;
  }
}
