import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const SLICES_PER_SECOND = 10;

/** Passes TCP connections on to a server over a line that can be made slow, or that breaks in the middle. */
export class SlowProxy {
  /** In each direction of each connection. */
  bytesPerSecond = Infinity;
  /** Before anything that comes is passed on. */
  latencyMs = 0;
  /** Connections to break once they have sent so many bytes to the server. */
  cuts = { left: 0, afterBytes: 0 };
  private readonly open = new Set<Socket>();
  private readonly server = createServer((client) => {
    const { hostname, port } = this.upstream;
    const server = connect(Number(port), hostname);
    let sent = 0;
    void this.pass(client, server, (bytes) => {
      sent += bytes;
      if (this.cuts.left === 0 || sent < this.cuts.afterBytes) return;
      this.cuts.left -= 1;
      client.destroy();
    });
    void this.pass(server, client, () => undefined);
  });

  private constructor(private readonly upstream: URL) {}

  static async start(upstream: string): Promise<SlowProxy> {
    const proxy = new SlowProxy(new URL(upstream));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  mend(): void {
    this.bytesPerSecond = Infinity;
    this.latencyMs = 0;
    this.cuts = { left: 0, afterBytes: 0 };
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A broken end breaks the other one. */
  private async pass(from: Socket, to: Socket, count: (bytes: number) => void): Promise<void> {
    this.open.add(from);
    try {
      for await (const chunk of from) {
        const bytes: Buffer = chunk;
        if (this.latencyMs > 0) await delay(this.latencyMs);
        for (let at = 0; at < bytes.length;) {
          const slow = Number.isFinite(this.bytesPerSecond);
          const slice = bytes.subarray(at, slow ? at + this.bytesPerSecond / SLICES_PER_SECOND : undefined);
          at += slice.length;
          if (!to.write(slice)) await flushed(to);
          count(slice.length);
          if (slow) await delay(1000 / SLICES_PER_SECOND);
          if (from.destroyed && from.errored) break;
        }
      }
      to.end();
    } catch {
      to.destroy(); // What broke one end is the test's doing, or the other side's.
    } finally {
      this.open.delete(from);
    }
  }
}

async function flushed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.once('drain', done).once('close', done);
    if (socket.destroyed) done();
  });
}
