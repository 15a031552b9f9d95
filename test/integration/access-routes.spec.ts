import type { NestExpressApplication } from '@nestjs/platform-express';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { AppModule } from '../../src/app.module.js';
import { listen, setupApi } from '../../src/app.setup.js';
import { Config } from '../../src/config/config.js';
import { readShipped } from '../../src/reports/definitions-catalogue.js';
import { BASE, TEST_KEY } from '../support/client.js';
import { testConfig } from '../support/config.js';
import { createDatabase, type TestDatabase } from '../support/database.js';

/** Open to everybody: probes, the documentation, and links that are signed. */
const OPEN = [
  /^\/health/,
  /^\/api\/v1\/(docs|openapi\.(json|yaml))\b/,
  /^\/api\/v1\/files\//,
  /^\/\/?(api\/v1\/docs\/)?swagger-ui-init\.js$/,
];
const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;
const ID = '0190c0de-0000-7000-8000-000000000000';

const layerSchema = z.object({
  route: z
    .object({ path: z.union([z.string(), z.array(z.string())]), methods: z.record(z.string(), z.boolean()) })
    .optional(),
});

interface Route {
  method: string;
  path: string;
}

let database: TestDatabase;
let app: NestExpressApplication;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  const config = testConfig({
    DATABASE_URL: database.url,
    REDIS_URL: `${inject('redisUrl')}/9`,
    LOG_LEVEL: 'silent',
    BOOTSTRAP_API_KEY: TEST_KEY,
  });
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Config)
    .useValue(config)
    .compile();
  app = module.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  setupApi(app, config, await readShipped(join(import.meta.dirname, '../../catalogue')));
  await listen(app, 0, '127.0.0.1');
  url = `http://127.0.0.1:${String((app.getHttpServer().address() as AddressInfo).port)}`;
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

/** Every route that Express knows, whoever put it there. */
function registered(): Route[] {
  const { router } = app.getHttpAdapter().getInstance() as { router: { stack: unknown[] } };
  return router.stack.flatMap((layer) => {
    const { route } = layerSchema.parse(layer);
    // Middleware of Nest modules is registered for every method, CONNECT among them, and passes the request on.
    if (route === undefined || route.methods['connect']) return [];
    const methods = METHODS.filter((method) => route.methods[method]);
    return [route.path].flat().flatMap((path) => methods.map((method) => ({ method, path })));
  });
}

async function described(): Promise<Route[]> {
  const { paths } = (await (await fetch(`${url}${BASE}/openapi.json`)).json()) as OpenAPIObject;
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => ({ method, path })),
  );
}

/** Status and code of a request to the route; an id stands for every parameter. */
async function ask({ method, path }: Route, headers: Readonly<Record<string, string>>): Promise<string> {
  const concrete = path.replace(/[:*]\w+|\{\w+\}/g, ID);
  const response = await fetch(url + concrete, { method: method.toUpperCase(), headers, redirect: 'manual' });
  const text = await response.text();
  const code = /"code":"([\w-]+)"/.exec(text)?.[1] ?? '';
  return `${String(response.status)} ${code}`;
}

const isOpen = ({ path }: Route): boolean => OPEN.some((pattern) => pattern.test(path));

describe('every route', () => {
  it('is closed without a credential, and opened by some scope', async () => {
    const routes = [...registered(), ...(await described())];
    expect(routes.length).toBeGreaterThan(120);
    const closed = routes.filter((route) => !isOpen(route));
    const faults: string[] = [];
    for (const route of closed) {
      const stranger = await ask(route, {});
      // Admins have every scope: what is closed to them has none declared.
      const admin = await ask(route, { 'x-api-key': TEST_KEY });
      if (stranger !== '401 unauthenticated') faults.push(`${route.method} ${route.path} without a key: ${stranger}`);
      if (/^40[13] /.test(admin)) faults.push(`${route.method} ${route.path} with an admin key: ${admin}`);
    }
    expect(faults).toEqual([]);
  });

  it('that is open only shows something', () => {
    const open = registered().filter(isOpen);
    expect(open.map(({ path }) => path)).toContain('/health/ready');
    expect(open.filter(({ method }) => method !== 'get')).toEqual([]);
  });
});
