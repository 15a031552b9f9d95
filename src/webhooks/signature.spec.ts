import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { newSecret, webhookHeaders } from './signature.js';

const body = Buffer.from('{"type":"report.completed","data":{"name":"Übersicht 📈"}}');
const message = { id: '0190c0de-0000-7000-8000-000000000001', at: new Date(), body };

describe('webhookHeaders', () => {
  it('are taken by the library of Standard Webhooks', () => {
    const secret = newSecret();
    expect(new Webhook(secret).verify(body, webhookHeaders(message, [secret]))).toEqual(JSON.parse(body.toString()));
  });

  it('are refused after one byte of the body, the id, the time or the secret has changed', () => {
    const secret = newSecret();
    const headers = webhookHeaders(message, [secret]);
    const webhook = new Webhook(secret);
    for (const at of [0, 12, body.length - 1]) {
      const changed = Buffer.from(body);
      changed[at]! ^= 1;
      expect(() => webhook.verify(changed, headers)).toThrow('No matching signature found');
    }
    const later = String(Number(headers['webhook-timestamp']) + 1);
    expect(() => webhook.verify(body, { ...headers, 'webhook-timestamp': later })).toThrow('No matching signature');
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': `${message.id}x` })).toThrow('No matching signature');
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow('No matching signature found');
  });

  it('are taken with the old and with the new secret during a rotation, and with no third', () => {
    const [fresh, old] = [newSecret(), newSecret()];
    const headers = webhookHeaders(message, [fresh, old]);
    expect(headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
    for (const secret of [fresh, old]) new Webhook(secret).verify(body, headers);
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow('No matching signature found');
  });

  it('have no signature without a secret', () => {
    expect(webhookHeaders(message, [])).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': String(Math.floor(message.at.getTime() / 1000)),
    });
  });
});

describe('newSecret', () => {
  it('is 32 random bytes in base64', () => {
    const secrets = Array.from({ length: 50 }, newSecret);
    for (const secret of secrets) expect(Buffer.from(secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
    expect(new Set(secrets).size).toBe(50);
  });
});
