import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const PROBE_MS = 250;

/**
 * Spreads new TCP connections over servers, one after another, as a Service of Kubernetes does: a server whose readiness
 * probe fails gets no new ones, and those that it has are left alone. A connection that a server refuses is not tried elsewhere.
 */
export class Balancer {
  private readonly servers = new Map<string, { isReady: boolean }>();
  private readonly open = new Set<Socket>();
  private turn = 0;
  private readonly timer = setInterval(() => void this.probe(), PROBE_MS);
  private readonly listener = createServer((client) => {
    this.pass(client);
  });

  static async start(): Promise<Balancer> {
    const balancer = new Balancer();
    await new Promise<void>((resolve) => balancer.listener.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.listener.address() as AddressInfo).port)}`;
  }

  async add(url: string): Promise<void> {
    this.servers.set(url, { isReady: false });
    await this.probe();
  }

  /** Of those that get new connections. */
  get ready(): string[] {
    return [...this.servers].filter(([, { isReady }]) => isReady).map(([url]) => url);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.listener.close(resolve));
  }

  private async probe(): Promise<void> {
    const probes = [...this.servers].map(async ([url, server]) => {
      server.isReady = await fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    await Promise.all(probes);
  }

  private pass(client: Socket): void {
    const ready = this.ready;
    this.turn += 1;
    const url = ready[this.turn % ready.length];
    if (url === undefined) {
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(url);
    const server = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.open.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
