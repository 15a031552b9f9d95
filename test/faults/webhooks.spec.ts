import { afterEach, describe, expect, it } from 'vitest';
import type { DeliveryListDto } from '../../src/webhooks/dto/delivery.dto.js';
import type { SecretWebhookDto } from '../../src/webhooks/dto/webhook.dto.js';
import { BASE } from '../support/client.js';
import { Deployment } from '../support/deployment.js';
import { verified, WebhookReceiver } from '../support/webhook-receiver.js';

const SUM = { report_name: 'two-list-sum', list_a: [1, 2], list_b: [3], target: 5 };

let deployment: Deployment;
let receiver: WebhookReceiver;
let made: SecretWebhookDto;

/** A deployment that has sent one webhook to a receiver that answers the second one only. */
async function begun(timeoutSeconds: number): Promise<void> {
  receiver = await WebhookReceiver.start((response, count) => {
    if (count > 1) response.writeHead(204).end();
  });
  const environment = {
    WEBHOOK_SEAL_KEY: 'k'.repeat(32),
    WEBHOOK_TIMEOUT_SECONDS: String(timeoutSeconds),
    OUTBOUND_ALLOW: '127.0.0.1',
  };
  deployment = await Deployment.start({ environment });
  const { client } = deployment;
  const json = { url: receiver.url };
  made = (await client.send<SecretWebhookDto>('POST', `${BASE}/webhooks`, { json })).body;
  await client.create(SUM);
  await expect.poll(() => receiver.ids.length, { timeout: 20_000 }).toBe(1);
}

afterEach(async () => {
  await deployment.stop();
  await receiver.stop();
});

async function expectSecondToArrive(): Promise<void> {
  await expect.poll(() => receiver.ids.length, { timeout: 40_000 }).toBe(2);
  expect(new Set(receiver.ids).size).toBe(1);
  for (const webhook of receiver.received) verified(webhook, made.secret);
  const deliveries = async () => (await deployment.client.get<DeliveryListDto>(made.links.deliveries)).body.deliveries;
  await expect.poll(deliveries).toMatchObject([{ status: 'delivered', attempts: 2, log: [{ status: 204 }] }]);
}

describe('a worker that sends a webhook', () => {
  it('and is killed leaves it to another one, which sends it with the same id', async () => {
    await begun(2);
    await deployment.workers[0]!.kill();
    await deployment.startWorker();
    await expectSecondToArrive();
  });

  it('and is told to stop gives it back long before its lease runs out', async () => {
    await begun(600);
    await deployment.workers[0]!.stop();
    await deployment.startWorker();
    await expectSecondToArrive();
  });
});
