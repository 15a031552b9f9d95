import type { ReportDto, RowsDto } from '../../src/reports/dto/report.dto.js';

export const BASE = '/api/v1';

/** Of the admin key that every deployment begins with. */
export const TEST_KEY = 'lh_fortests_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** Longest time that a test waits for something that must happen. */
const PATIENCE_MS = 60_000;

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  body: T;
}

export interface SendOptions {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  raw?: string | Uint8Array;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

export interface ReceivedEvent {
  id: number;
  type: string;
  data: { status: string; terminal: boolean; attempt: number; progress?: { phase: string } };
}

export type Report = ReportDto & Partial<RowsDto>;

/** A caller of the API, as strict as it gets: redirects are not followed unless the test says so. */
export class Client {
  constructor(
    readonly url: string,
    readonly key = TEST_KEY,
  ) {}

  /** The same service, asked with another key. */
  as(key: string): Client {
    return new Client(this.url, key);
  }

  /** What lets a request in. */
  get credential(): Readonly<Record<string, string>> {
    return { 'x-api-key': this.key };
  }

  async send<T>(method: string, path: string, options: SendOptions = {}): Promise<Answer<T>> {
    const { json, raw, headers, signal = AbortSignal.timeout(PATIENCE_MS) } = options;
    const body = json === undefined ? raw : JSON.stringify(json);
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      signal,
      headers: { ...this.credential, ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    // What a test expects of the answer it checks.
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
  }

  async get<T>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<T>> {
    return await this.send<T>('GET', path, { headers });
  }

  async create(json: unknown, options: { query?: string; headers?: Readonly<Record<string, string>> } = {}) {
    const { query = '', headers = {} } = options;
    return await this.send<Report>('POST', `${BASE}/reports${query}`, { json, headers });
  }

  async report(id: string): Promise<Report> {
    return (await this.get<Report>(`${BASE}/reports/${id}`)).body;
  }

  async rows(id: string, query = ''): Promise<Answer<RowsDto>> {
    return await this.get<RowsDto>(`${BASE}/reports/${id}/rows${query}`);
  }

  /** Creates a report and returns it when it has ended. */
  async run(json: unknown): Promise<Report> {
    const { body } = await this.create(json);
    return await this.ended(body.report_id);
  }

  async ended(id: string): Promise<Report> {
    await this.event(id, ({ data }) => data.terminal);
    return await this.report(id);
  }

  /** Waits for the first event of the run, from its beginning, that the test waits for. */
  async event(id: string, wanted: (event: ReceivedEvent) => boolean): Promise<ReceivedEvent> {
    const seen: string[] = [];
    for await (const event of this.events(id)) {
      if (wanted(event)) return event;
      seen.push(event.data.status);
    }
    throw new Error(`run ${id} ended without the event; there were: ${seen.join(', ')}`);
  }

  async status(id: string, status: string): Promise<ReceivedEvent> {
    return await this.event(id, ({ data }) => data.status === status);
  }

  async *events(id: string, lastEventId?: number, resource = 'reports'): AsyncGenerator<ReceivedEvent> {
    const stop = new AbortController();
    const response = await fetch(`${this.url}${BASE}/${resource}/${id}/events`, {
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(PATIENCE_MS)]),
      headers: { ...this.credential, ...(lastEventId !== undefined && { 'last-event-id': String(lastEventId) }) },
    });
    if (!response.ok || !response.body) throw new Error(`events: ${String(response.status)} ${await response.text()}`);
    try {
      let text = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const fields = new Map(block.split('\n').map((line) => [line.split(': ')[0], line.replace(/^\w+: /, '')]));
          const data = fields.get('data');
          if (data === undefined) continue;
          // The wire form is what the tests of events check.
          const parsed = JSON.parse(data) as ReceivedEvent['data'];
          yield { id: Number(fields.get('id')), type: fields.get('event') ?? '', data: parsed };
        }
      }
    } finally {
      stop.abort();
    }
  }

  /** Follows the redirect of a download, as curl -L does. */
  async file(path: string): Promise<{ bytes: Buffer; headers: Headers }> {
    const response = await fetch(this.url + path, { headers: { ...this.credential, accept: '*/*' } });
    if (!response.ok || !response.redirected) {
      throw new Error(`no file: ${String(response.status)} ${await response.text()}`);
    }
    return { bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
  }

  async upload(name: string, text: string, type = 'text/csv'): Promise<void> {
    const answer = await this.send('PUT', `${BASE}/datasets/${name}/content`, {
      raw: text,
      headers: { 'content-type': type },
    });
    if (answer.status > 201) throw new Error(JSON.stringify(answer.body));
  }

  async define(definition: { name: string; sql: string; datasets?: unknown; parameters?: unknown }): Promise<void> {
    const json = { title: definition.name, datasets: [], ...definition };
    const answer = await this.send('POST', `${BASE}/report-definitions`, { json });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  }
}
