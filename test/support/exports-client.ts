import type { ExportDto, ExportManifestDto, ExportRowsDto } from '../../src/exports/dto/export.dto.js';
import type { DownloadDto } from '../../src/results/http/run-wire.js';
import { BASE, type Answer, type Client, type ReceivedEvent } from './client.js';

/** What a request can be answered with: an export, its first rows, and the places of what is wrong. */
export type Export = ExportDto & Partial<ExportRowsDto> & { errors?: { pointer: string; detail: string }[] };

/** A caller of the routes of exports. */
export class ExportsClient {
  constructor(readonly client: Client) {}

  async create(json: unknown, options: { query?: string; headers?: Readonly<Record<string, string>> } = {}) {
    const { query = '', headers = {} } = options;
    return await this.client.send<Export>('POST', `${BASE}/exports${query}`, { json, headers });
  }

  async get<T>(id: string, part = '', headers: Readonly<Record<string, string>> = {}): Promise<Answer<T>> {
    return await this.client.get<T>(`${BASE}/exports/${id}${part}`, headers);
  }

  async show(id: string): Promise<Export> {
    return (await this.get<Export>(id)).body;
  }

  /** Creates an export and returns it when it has ended. */
  async run(json: unknown): Promise<Export> {
    const { status, body } = await this.create(json);
    if (status !== 202) throw new Error(JSON.stringify(body));
    await this.status(body.export_id, ({ data }) => data.terminal);
    return await this.show(body.export_id);
  }

  /** Waits for the first event of the export, from its beginning, that the test waits for. */
  async status(id: string, wanted: (event: ReceivedEvent) => boolean): Promise<ReceivedEvent> {
    for await (const event of this.events(id)) if (wanted(event)) return event;
    throw new Error(`export ${id} ended without the event`);
  }

  events(id: string, lastEventId?: number): AsyncGenerator<ReceivedEvent> {
    return this.client.events(id, lastEventId, 'exports');
  }

  async rows(id: string, query = '?page_size=1000'): Promise<ExportRowsDto> {
    return (await this.get<ExportRowsDto>(id, `/rows${query}`)).body;
  }

  async manifest(id: string): Promise<ExportManifestDto> {
    return (await this.get<ExportManifestDto>(id, '/manifest')).body;
  }

  /** The file, rendered now if it is not there yet. */
  async file(id: string, format: string): Promise<Buffer> {
    await this.get<DownloadDto>(id, `/download?format=${format}&wait=20`, { accept: 'application/json' });
    return (await this.client.file(`${BASE}/exports/${id}/download?format=${format}`)).bytes;
  }
}
