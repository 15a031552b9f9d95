import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { TestServer } from './http-server.js';

export interface ReceivedWebhook {
  headers: IncomingHttpHeaders;
  path: string;
  text: string;
}

/** A receiver of webhooks that keeps what it got, and answers as the test says: 204 unless it says otherwise. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: TestServer) {}

  static async start(answer?: (response: ServerResponse, count: number) => void): Promise<WebhookReceiver> {
    const got: { receiver?: WebhookReceiver } = {};
    const server = await TestServer.http((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { received, sockets } = got.receiver!;
        sockets.add(request.socket);
        received.push({ headers: request.headers, path: request.url!, text: Buffer.concat(chunks).toString() });
        if (answer) answer(response, received.length);
        else response.writeHead(204).end();
      });
    });
    got.receiver = new WebhookReceiver(server);
    return got.receiver;
  }

  get url(): string {
    return `${this.server.url}/hook`;
  }

  /** Connections that webhooks came over and that are still open. */
  get open(): number {
    return [...this.sockets].filter(({ destroyed }) => !destroyed).length;
  }

  get ids(): string[] {
    return this.received.map(({ headers }) => String(headers['webhook-id']));
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}

/** What the library of Standard Webhooks makes of it; throws if it does not believe it. */
export function verified({ headers, text }: ReceivedWebhook, secret: string): unknown {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  return new Webhook(secret).verify(text, Object.fromEntries(names.map((name) => [name, String(headers[name])])));
}
