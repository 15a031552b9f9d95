import { DemoApi } from './demo-api.js';
import { loadDemoDatabase } from './demo-database.js';

export interface DemoSourcesOptions {
  /** Where the demo API listens. */
  port: number;
  /** Of a server of ours, which gets a database of orders; `undefined`: there is none. */
  serverUrl: string | undefined;
  password: string;
}

/** What exports can be tried on: a server of pages and a database, both of orders. */
export class DemoSources {
  private constructor(
    private readonly api: DemoApi,
    private readonly databaseUrl: string | undefined,
  ) {}

  static async start({ port, serverUrl, password }: DemoSourcesOptions): Promise<DemoSources> {
    const databaseUrl = serverUrl === undefined ? undefined : await loadDemoDatabase(serverUrl, password);
    return new DemoSources(await DemoApi.start(port), databaseUrl);
  }

  /** What the greeting shows. */
  get ordersUrl(): string {
    return `${this.api.url}/orders`;
  }

  /** What lets exports read them; what the user has set stays. */
  environment(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
    const { EXPORT_SOURCE_URL: url, EXPORT_DATABASES: databases, OUTBOUND_ALLOW: allowed } = given;
    return {
      EXPORT_SOURCE_URL: url ?? this.ordersUrl,
      EXPORT_DATABASES:
        databases ?? JSON.stringify({ ...(this.databaseUrl !== undefined && { demo: this.databaseUrl }) }),
      OUTBOUND_ALLOW: [allowed, new URL(this.api.url).host].filter(Boolean).join(','),
    };
  }

  async stop(): Promise<void> {
    await this.api.stop();
  }
}
