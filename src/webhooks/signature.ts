import { createHmac, randomBytes } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const VERSION = 'v1';

export const WEBHOOK_ID = 'webhook-id';
export const WEBHOOK_TIMESTAMP = 'webhook-timestamp';
export const WEBHOOK_SIGNATURE = 'webhook-signature';

/** A message as Standard Webhooks 1.0 signs it. */
export interface SignedMessage {
  id: string;
  /** Of the attempt; sent in whole seconds. */
  at: Date;
  body: Buffer;
}

/** `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** The headers of Standard Webhooks 1.0, with one signature for each secret; without a secret there is none. */
export function webhookHeaders({ id, at, body }: SignedMessage, secrets: readonly string[]): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    return `${VERSION},${mac}`;
  });
  return {
    [WEBHOOK_ID]: id,
    [WEBHOOK_TIMESTAMP]: timestamp,
    ...(signatures.length > 0 && { [WEBHOOK_SIGNATURE]: signatures.join(' ') }),
  };
}
