import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  key: string;
  cert: string;
}

/** A server on a free port of 127.0.0.1 that knows its sockets. */
export class TestServer {
  /** Every connection that was ever made. */
  readonly sockets: Socket[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async http(handler: RequestListener): Promise<TestServer> {
    return await TestServer.listening(createHttp(handler));
  }

  static async https(certificate: Certificate, handler: RequestListener): Promise<TestServer> {
    return await TestServer.listening(createHttps(certificate, handler));
  }

  /** Answers every request with these bytes and then closes, or leaves the connection open. */
  static async raw(answer: string | Buffer, then: 'close' | 'reset' | 'hold' = 'close'): Promise<TestServer> {
    return await TestServer.listening(
      createTcp((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => {
          socket.write(answer, () => {
            if (then === 'close') socket.end();
            if (then === 'reset') socket.resetAndDestroy();
          });
        });
      }),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get open(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private static async listening(server: Server): Promise<TestServer> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const made = new TestServer(server, port);
    server.on('connection', (socket: Socket) => made.sockets.push(socket));
    return made;
  }
}

/** Self-signed, for these host names. */
export function certificateFor(...names: string[]): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'longhaul-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=longhaul test', '-addext', `subjectAltName=${names.map((n) => `DNS:${n}`).join(',')}`];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  try {
    execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
