import { readdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import express from 'express';
import { inject } from 'vitest';
import { Config } from '../../src/config/config.js';
import { DatasetFiles } from '../../src/datasets/dataset-files.js';
import { DatasetsApiModule } from '../../src/datasets/datasets.module.js';
import { DatasetsService } from '../../src/datasets/datasets.service.js';
import { Limits } from '../../src/limits/limits.js';
import type { CallerRequest } from '../../src/platform/http/caller.js';
import { ProblemFilter } from '../../src/platform/http/problem.filter.js';
import { validationPipe } from '../../src/platform/http/validation.js';
import { PrismaModule } from '../../src/platform/prisma/prisma.module.js';
import { QueryEngine } from '../../src/platform/query-engine/query-engine.js';
import { QueryEngineModule } from '../../src/platform/query-engine/query-engine.module.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import { Storage } from '../../src/storage/storage.js';
import { aCaller } from './caller.js';
import { testConfig } from './config.js';
import { createDatabase } from './database.js';

@Global()
@Module({})
class ConfigGiven {
  static as(config: Config): DynamicModule {
    return { module: ConfigGiven, providers: [{ provide: Config, useValue: config }], exports: [Config] };
  }
}

/** The datasets part of the API alone, with a database and local storage of its own, on a free port. */
export class DatasetsApp {
  readonly service: DatasetsService;
  readonly files: DatasetFiles;
  readonly storage: Storage;
  readonly limits: Limits;
  readonly engine: QueryEngine;

  private constructor(
    readonly url: string,
    readonly port: number,
    readonly config: Config,
    private readonly app: NestExpressApplication,
    private readonly drop: () => Promise<void>,
  ) {
    this.service = app.get(DatasetsService);
    this.files = app.get(DatasetFiles);
    this.storage = app.get(Storage, { strict: false });
    this.limits = app.get(Limits, { strict: false });
    this.engine = app.get(QueryEngine, { strict: false });
  }

  static async start(overrides: Readonly<Record<string, string>> = {}): Promise<DatasetsApp> {
    const database = await createDatabase();
    const config = testConfig({ DATABASE_URL: database.url, REDIS_URL: inject('redisUrl'), ...overrides });
    const imports = [ConfigGiven.as(config), PrismaModule, QueueModule, QueryEngineModule, DatasetsApiModule];
    const module = await Test.createTestingModule({ imports }).compile();
    const app = module.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: ['fatal'] });
    const json = express.json();
    app.use((request: express.Request, response: express.Response, next: express.NextFunction) => {
      if (request.path.endsWith('/content')) next();
      else json(request, response, next);
    });
    // Who comes through the guard of the whole API.
    app.use((request: CallerRequest, _: unknown, next: express.NextFunction) => {
      request.caller = aCaller();
      next();
    });
    app.useGlobalFilters(new ProblemFilter());
    app.useGlobalPipes(validationPipe);
    app.setGlobalPrefix('api/v1');
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return new DatasetsApp(`http://127.0.0.1:${String(port)}/api/v1/datasets`, port, config, app, () =>
      database.drop(),
    );
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.drop();
  }

  async put(name: string, body: string | Uint8Array | FormData, options: { query?: string; type?: string } = {}) {
    const response = await fetch(`${this.url}/${name}/content${options.query ?? ''}`, {
      method: 'PUT',
      body,
      ...(options.type !== undefined && { headers: { 'content-type': options.type } }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  }

  /** The rows of the newest version, as the engine reads them from what storage has. */
  async rows(name: string, sql = 'FROM t'): Promise<Record<string, unknown>[]> {
    const [pin] = await this.service.resolve('default', [name]);
    if (pin === undefined) throw new Error('no version');
    const session = await this.engine.open({ directory: this.config.scratchDir });
    try {
      const file = await this.files.bring(pin, this.config.scratchDir, new AbortController().signal);
      await session.relate('t', file);
      return await session.query(sql);
    } finally {
      await session.close();
    }
  }

  /** Files that an import has left in the scratch folder. */
  async leftovers(): Promise<string[]> {
    const uploads = join(this.config.scratchDir, 'uploads');
    return await readdir(uploads).catch(() => []);
  }

  async stored(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.storage.list('datasets/')) keys.push(key);
    return keys;
  }
}

export interface Answer {
  code?: string;
  detail?: string;
  errors?: { pointer?: string; line?: number; column?: number; detail: string }[];
  name?: string;
  current?: { version: number; rows: number; columns: { name: string; type: string }[]; source_format: string } | null;
  versions?: { version: number }[];
}
