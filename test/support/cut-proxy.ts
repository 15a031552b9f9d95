import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * Passes TCP connections on to a server, until it is cut: then it ends the ones that there are and takes no others; or until it
 * swallows: then connections stay, and nothing comes through.
 */
export class CutProxy {
  private readonly open = new Set<Socket>();
  private isCut = false;
  private isSwallowing = false;
  private readonly server = createServer((client) => {
    if (this.isCut) {
      client.destroy();
      return;
    }
    if (this.isSwallowing) {
      this.open.add(client);
      client.on('error', () => undefined);
      client.resume();
      return;
    }
    const { hostname, port } = this.upstream;
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
  });

  private constructor(private readonly upstream: URL) {}

  static async start(upstream: string): Promise<CutProxy> {
    const proxy = new CutProxy(new URL(upstream));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.open) socket.destroy();
  }

  /** What has been swallowed is lost: only a cut ends it. */
  swallow(): void {
    this.isSwallowing = true;
    for (const socket of this.open) socket.unpipe().resume();
  }

  mend(): void {
    this.isCut = false;
    this.isSwallowing = false;
  }

  /** The address of the server with that of the proxy in it. */
  through(address: string): string {
    const url = new URL(address);
    url.port = new URL(this.url).port;
    return url.href;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
