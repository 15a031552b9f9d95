import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface RecordedRequest {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  status: number;
}

interface Answer {
  status: number;
  body: string;
}

/** Answers a request in the server's place, or leaves it to the server by returning `undefined`. */
export type Interception = (method: string, url: URL) => Answer | undefined;

/**
 * Stands before a real S3 server, passes everything on and keeps the books of multipart uploads, which a test must see and the
 * server cannot list: an upload is open from the server's answer to its begin until the server's answer to its end.
 */
export class S3Recorder {
  readonly requests: RecordedRequest[] = [];
  readonly openUploads = new Map<string, string>();
  /** When each upload was begun, by its id. */
  private readonly begunAt = new Map<string, string>();
  intercept: Interception = () => undefined;
  private readonly server = createServer((incoming, outgoing) => {
    this.handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  private constructor(private readonly upstream: string) {}

  static async start(upstream: string): Promise<S3Recorder> {
    const recorder = new S3Recorder(upstream);
    await new Promise<void>((resolve) => recorder.server.listen(0, '127.0.0.1', resolve));
    return recorder;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const url = new URL(incoming.url ?? '/', this.endpoint);
    const method = incoming.method ?? 'GET';
    const own = this.intercept(method, url) ?? this.listing(method, url);
    const answer = own === undefined ? await this.forward(incoming, body) : { ...own, headers: {} };
    this.requests.push({ method, url, headers: incoming.headers, status: answer.status });
    if (answer.status < 300) this.note(method, url, String(answer.body));
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }

  private async forward(incoming: IncomingMessage, body: Buffer) {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const { method, headers } = incoming;
      request(this.upstream + (incoming.url ?? '/'), { method, headers }, resolve)
        .once('error', reject)
        .end(body);
    });
    return { status: response.statusCode ?? 502, headers: response.headers, body: await buffer(response) };
  }

  private note(method: string, url: URL, body: string): void {
    const ended = url.searchParams.get('uploadId');
    if (ended !== null && (method === 'DELETE' || method === 'POST')) this.openUploads.delete(ended);
    const begun = /<UploadId>([^<]+)<\/UploadId>/.exec(body)?.[1];
    if (begun !== undefined && method === 'POST' && url.searchParams.has('uploads')) {
      this.openUploads.set(begun, keyOf(url));
      this.begunAt.set(begun, new Date().toISOString());
    }
  }

  /** ListMultipartUploads from the books, one upload to a page. */
  private listing(method: string, url: URL): Answer | undefined {
    if (method !== 'GET' || !url.searchParams.has('uploads')) return undefined;
    const prefix = url.searchParams.get('prefix') ?? '';
    const marker = url.searchParams.get('upload-id-marker') ?? '';
    const rest = [...this.openUploads]
      .filter(([id, key]) => key.startsWith(prefix) && id > marker)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const [first] = rest;
    const begunAt = first && `<Initiated>${this.begunAt.get(first[0]) ?? ''}</Initiated>`;
    const upload = first && `<Upload><Key>${first[1]}</Key><UploadId>${first[0]}</UploadId>${begunAt}</Upload>`;
    const next =
      first && `<NextKeyMarker>${first[1]}</NextKeyMarker><NextUploadIdMarker>${first[0]}</NextUploadIdMarker>`;
    const inner = `<IsTruncated>${String(rest.length > 1)}</IsTruncated>${upload ?? ''}${next ?? ''}`;
    return { status: 200, body: `<ListMultipartUploadsResult>${inner}</ListMultipartUploadsResult>` };
  }
}

/** Path style: the bucket is the first segment. */
export function keyOf(url: URL): string {
  return decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
}
