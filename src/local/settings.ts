import { z } from 'zod';
import { exactPort, freePort } from './free-port.js';
import { LaunchError } from './launch-error.js';

const port = z.coerce.number().int().min(1).max(65535).optional();
const schema = z.object({
  DATA_DIR: z.string().default('./data'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port,
  WORKER_PORT: port,
  DATABASE_URL: z.string().optional(),
  REDIS_URL: z.string().optional(),
  BOOTSTRAP_API_KEY: z.string().optional(),
  DEMO_DATA: z.enum(['true', 'false']).default('true'),
});

const API_PORT = 3000;
const WORKER_PORT = 3001;
const DEMO_API_PORT = 3002;

/** What the launcher itself needs to know; everything else of the environment goes to the API and the worker as it is. */
export interface LocalSettings {
  dataDir: string;
  host: string;
  /** As asked for; `undefined` means the usual one or, when that is taken, any other. */
  port: number | undefined;
  workerPort: number | undefined;
  /** Of servers of the user's own: then none is started. */
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  /** Admin key of the user's own; one is made without it. */
  adminKey: string | undefined;
  demoData: boolean;
  environment: Readonly<Record<string, string | undefined>>;
}

export function parseLocalSettings(environment: Readonly<Record<string, string | undefined>>): LocalSettings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new LaunchError(`The environment cannot be used:\n${problems.join('\n')}`);
  }
  const env = parsed.data;
  return {
    dataDir: env.DATA_DIR,
    host: env.HOST,
    port: env.PORT,
    workerPort: env.WORKER_PORT,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    adminKey: env.BOOTSTRAP_API_KEY,
    demoData: env.DEMO_DATA === 'true',
    environment: given,
  };
}

export interface Ports {
  api: number;
  worker: number;
  demoApi: number;
}

export async function choosePorts(settings: LocalSettings): Promise<Ports> {
  const choose = (asked: number | undefined, usual: number): Promise<number> =>
    asked === undefined ? freePort(usual, settings.host) : exactPort(asked, settings.host);
  const api = await choose(settings.port, API_PORT);
  const worker = await choose(settings.workerPort, api === WORKER_PORT ? 0 : WORKER_PORT);
  const isTaken = api === DEMO_API_PORT || worker === DEMO_API_PORT;
  const demoApi = await choose(undefined, isTaken ? 0 : DEMO_API_PORT);
  return { api, worker, demoApi };
}
