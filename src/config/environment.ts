import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { BUCKET_NAME } from '../common/bucket-name.js';
import type { Config, StorageConfig } from './config.js';

const wholeNumber = (fallback: number, minimum = 1) => z.coerce.number().int().min(minimum).default(fallback);
const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false', '1', '0'])
    .default(fallback ? 'true' : 'false')
    .transform((value) => value === 'true' || value === '1');
const url = (...protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    message: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

/** A JSON object of texts by name, such as {"orders-api":"Bearer 123"}. The value itself is never repeated in a message. */
const named = (rule: z.ZodType<string>, what: string) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: `must be a JSON object of ${what} by name` });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string().regex(/^[\w.-]{1,100}$/), rule, { error: `must be a JSON object of ${what} by name` }));

/** The project's root: two folders above this file, in `src` as in `dist`. */
const projectRoot = resolve(import.meta.dirname, '../..');

/** Every variable with its rule and default; README.md and .env.example list the same. */
export const environmentSchema = z.object({
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: wholeNumber(3000).pipe(z.number().max(65535)),
  PUBLIC_URL: url('http:', 'https:').optional(),
  BODY_LIMIT_BYTES: wholeNumber(1_048_576),
  WAIT_CAP_SECONDS: wholeNumber(30, 0),
  CORS_ORIGINS: z.string().default(''),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  DATABASE_URL: url('postgresql:', 'postgres:'),
  DATABASE_POOL_SIZE: wholeNumber(10),
  REDIS_URL: url('redis:', 'rediss:'),
  STORAGE_DRIVER: z.enum(['local', 's3']).default('local'),
  STORAGE_ROOT: z.string().min(1).optional(),
  STORAGE_SIGNING_KEY: z.string().min(32).optional(),
  S3_BUCKET: z.string().min(3).optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_ENDPOINT: url('http:', 'https:').optional(),
  S3_PUBLIC_ENDPOINT: url('http:', 'https:').optional(),
  S3_FORCE_PATH_STYLE: flag(false),
  S3_PREFIX: z
    .string()
    .regex(/^([\w.-]+\/)*$/, 'must be empty or end with /')
    .default(''),
  S3_SSE: z.enum(['AES256', 'aws:kms']).optional(),
  S3_SSE_KMS_KEY_ID: z.string().min(1).optional(),
  WORKER_HOST: z.string().min(1).optional(),
  WORKER_PORT: wholeNumber(3001).pipe(z.number().max(65535)),
  WORKER_CONCURRENCY: wholeNumber(2),
  DRAIN_SECONDS: wholeNumber(8, 0),
  RUN_LEASE_SECONDS: wholeNumber(15, 2),
  RUN_SWEEP_SECONDS: wholeNumber(5),
  RUN_TIMEOUT_SECONDS: wholeNumber(3600),
  RUN_MAX_TIMEOUT_SECONDS: wholeNumber(86_400),
  RUN_MAX_ATTEMPTS: wholeNumber(5),
  RUN_RETRY_DELAY_SECONDS: wholeNumber(5),
  RESULT_TTL_SECONDS: wholeNumber(7 * 86_400),
  RUN_HISTORY_SECONDS: wholeNumber(90 * 86_400),
  IDEMPOTENCY_SECONDS: wholeNumber(86_400),
  LINK_TTL_SECONDS: wholeNumber(300),
  ENGINE_MEMORY_MB: wholeNumber(256, 64),
  ENGINE_THREADS: wholeNumber(2),
  ENGINE_SPILL_MB: wholeNumber(10_240),
  UPLOAD_MAX_BYTES: wholeNumber(5 * 1024 ** 3),
  UPLOAD_MAX_UNPACKED_BYTES: wholeNumber(20 * 1024 ** 3),
  UPLOAD_CONCURRENT_IMPORTS: wholeNumber(2),
  DATASET_CACHE_MB: wholeNumber(10_240),
  PAGE_CACHE_MB: wholeNumber(512),
  EXPORT_SOURCE_URL: url('http:', 'https:').optional(),
  EXPORT_SECRETS: named(z.string().min(1), 'secrets').optional(),
  EXPORT_DATABASES: named(url('postgresql:', 'postgres:', 'mysql:', 'mariadb:'), 'database URLs').optional(),
  EXPORT_ALLOW_DB_URL: flag(false),
  EXPORT_SEAL_KEY: z.string().min(32).optional(),
  EXPORT_MAX_PAGE_BYTES: wholeNumber(67_108_864),
  EXPORT_MAX_PAGES: wholeNumber(100_000),
  OUTBOUND_ALLOW: z.string().default(''),
  SQS_ENDPOINT: url('http:', 'https:').optional(),
  SQS_REGION: z.string().min(1).default('us-east-1'),
  INTAKE_QUEUE_URL: url('http:', 'https:').optional(),
  INTAKE_OUTPUT_QUEUE_URL: url('http:', 'https:').optional(),
  INTAKE_DEAD_LETTER_QUEUE_URL: url('http:', 'https:').optional(),
  INTAKE_ROUTES: named(z.string().regex(BUCKET_NAME), 'buckets').optional(),
  INTAKE_FIELD: z.string().min(1).default('genre'),
  EVENTS_QUEUE_URL: url('http:', 'https:').optional(),
  WEBHOOK_SEAL_KEY: z.string().min(32).optional(),
  WEBHOOK_TIMEOUT_SECONDS: wholeNumber(20),
  OUTBOX_RETENTION_SECONDS: wholeNumber(30 * 86_400),
  SCRATCH_DIR: z.string().min(1).default(join(tmpdir(), 'longhaul')),
  CATALOGUE_DIR: z.string().min(1).default(join(projectRoot, 'catalogue')),
});

type Environment = z.infer<typeof environmentSchema>;

/** Seven days: no S3 server takes a signature that lives longer. */
const MAX_S3_LINK_SECONDS = 604_800;

/** All that is wrong with the environment, by name and never by value. */
export class EnvironmentInvalid extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The environment cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = EnvironmentInvalid.name;
  }
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Reads and checks the environment as a whole. An empty variable counts as absent. */
export function parseEnvironment(environment: Variables): Config {
  return toConfig(
    parse(environmentSchema, environment, (given) => [...storageProblems(given), ...exportProblems(given)]),
  );
}

/** For a process that needs the database and nothing else. */
export function parseDatabaseUrl(environment: Variables): string {
  return parse(environmentSchema.pick({ DATABASE_URL: true }), environment).DATABASE_URL;
}

/** `further` looks at what one variable alone does not show; all problems are told at once. */
function parse<T>(wanted: z.ZodType<T>, environment: Variables, further = (_: Variables): string[] => []): T {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = wanted.safeParse(given);
  const problems = further(given);
  if (parsed.success && problems.length === 0) return parsed.data;
  const issues = parsed.error?.issues ?? [];
  throw new EnvironmentInvalid([
    ...issues.map((issue) => {
      const name = String(issue.path[0]);
      return `${name}: ${given[name] === undefined ? 'is required' : issue.message}`;
    }),
    ...problems,
  ]);
}

function toConfig(env: Environment): Config {
  return deepFreeze({
    version: readVersion(),
    http: {
      host: env.HOST,
      port: env.PORT,
      publicUrl: (env.PUBLIC_URL ?? `http://localhost:${String(env.PORT)}`).replace(/\/+$/, ''),
      bodyLimitBytes: env.BODY_LIMIT_BYTES,
      waitCapSeconds: env.WAIT_CAP_SECONDS,
      corsOrigins: list(env.CORS_ORIGINS),
    },
    log: { level: env.LOG_LEVEL },
    database: { url: env.DATABASE_URL, poolSize: env.DATABASE_POOL_SIZE },
    redis: { url: env.REDIS_URL },
    storage: toStorage(env),
    worker: {
      host: env.WORKER_HOST ?? env.HOST,
      port: env.WORKER_PORT,
      concurrency: env.WORKER_CONCURRENCY,
      drainSeconds: env.DRAIN_SECONDS,
    },
    runs: {
      leaseSeconds: env.RUN_LEASE_SECONDS,
      sweepSeconds: env.RUN_SWEEP_SECONDS,
      timeoutSeconds: env.RUN_TIMEOUT_SECONDS,
      maxTimeoutSeconds: env.RUN_MAX_TIMEOUT_SECONDS,
      maxAttempts: env.RUN_MAX_ATTEMPTS,
      retryDelaySeconds: env.RUN_RETRY_DELAY_SECONDS,
      resultTtlSeconds: env.RESULT_TTL_SECONDS,
      historySeconds: env.RUN_HISTORY_SECONDS,
      idempotencySeconds: env.IDEMPOTENCY_SECONDS,
      linkTtlSeconds: env.LINK_TTL_SECONDS,
    },
    engine: { memoryMb: env.ENGINE_MEMORY_MB, threads: env.ENGINE_THREADS, spillMb: env.ENGINE_SPILL_MB },
    datasets: {
      maxUploadBytes: env.UPLOAD_MAX_BYTES,
      maxUnpackedBytes: env.UPLOAD_MAX_UNPACKED_BYTES,
      concurrentImports: env.UPLOAD_CONCURRENT_IMPORTS,
      cacheMb: env.DATASET_CACHE_MB,
    },
    exports: {
      sourceUrl: env.EXPORT_SOURCE_URL,
      secrets: env.EXPORT_SECRETS ?? {},
      databases: env.EXPORT_DATABASES ?? {},
      allowDatabaseUrl: env.EXPORT_ALLOW_DB_URL,
      sealKey: env.EXPORT_SEAL_KEY,
      maxPageBytes: env.EXPORT_MAX_PAGE_BYTES,
      maxPages: env.EXPORT_MAX_PAGES,
    },
    outbound: { allow: list(env.OUTBOUND_ALLOW) },
    ...toMessaging(env),
    results: { pageCacheMb: env.PAGE_CACHE_MB },
    scratchDir: resolve(env.SCRATCH_DIR),
    catalogueDir: resolve(env.CATALOGUE_DIR),
  });
}

/** What comes in and goes out besides requests and their answers. */
function toMessaging(env: Environment): Pick<Config, 'sqs' | 'intake' | 'events' | 'webhooks'> {
  return {
    sqs: { endpoint: env.SQS_ENDPOINT, region: env.SQS_REGION },
    intake: {
      queueUrl: env.INTAKE_QUEUE_URL,
      outputQueueUrl: env.INTAKE_OUTPUT_QUEUE_URL,
      deadLetterQueueUrl: env.INTAKE_DEAD_LETTER_QUEUE_URL,
      routes: env.INTAKE_ROUTES ?? { romance: 'romance', scifi: 'scifi' },
      field: env.INTAKE_FIELD,
    },
    events: { queueUrl: env.EVENTS_QUEUE_URL, retentionSeconds: env.OUTBOX_RETENTION_SECONDS },
    webhooks: { sealKey: env.WEBHOOK_SEAL_KEY, timeoutSeconds: env.WEBHOOK_TIMEOUT_SECONDS },
  };
}

const list = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

/** A half-configured driver cannot boot. */
function toStorage(env: Environment): StorageConfig {
  switch (env.STORAGE_DRIVER) {
    case 'local': {
      const { STORAGE_ROOT: root, STORAGE_SIGNING_KEY: signingKey } = env;
      if (root === undefined || signingKey === undefined) {
        throw new EnvironmentInvalid(missing(env, 'local'));
      }
      return { driver: 'local', root: resolve(root), signingKey };
    }
    case 's3': {
      if (env.S3_BUCKET === undefined) throw new EnvironmentInvalid(missing(env, 's3'));
      return {
        driver: 's3',
        bucket: env.S3_BUCKET,
        region: env.S3_REGION,
        endpoint: env.S3_ENDPOINT,
        publicEndpoint: env.S3_PUBLIC_ENDPOINT,
        forcePathStyle: env.S3_FORCE_PATH_STYLE,
        prefix: env.S3_PREFIX,
        serverSideEncryption: env.S3_SSE,
        kmsKeyId: env.S3_SSE_KMS_KEY_ID,
      };
    }
  }
}

const NEEDED: Readonly<Record<StorageConfig['driver'], readonly (keyof Environment)[]>> = {
  local: ['STORAGE_ROOT', 'STORAGE_SIGNING_KEY'],
  s3: ['S3_BUCKET'],
};

function missing(given: Readonly<Record<string, unknown>>, driver: StorageConfig['driver']): string[] {
  return NEEDED[driver]
    .filter((name) => given[name] === undefined)
    .map((name) => `${name}: is required when STORAGE_DRIVER is ${driver}`);
}

function storageProblems(given: Variables): string[] {
  const driver = environmentSchema.shape.STORAGE_DRIVER.safeParse(given['STORAGE_DRIVER']).data;
  if (driver === undefined) return [];
  const problems = missing(given, driver);
  if (driver !== 's3') return problems;
  if (Number(given['LINK_TTL_SECONDS']) > MAX_S3_LINK_SECONDS) {
    problems.push(`LINK_TTL_SECONDS: must be at most ${String(MAX_S3_LINK_SECONDS)} when STORAGE_DRIVER is s3`);
  }
  if (given['S3_SSE_KMS_KEY_ID'] !== undefined && given['S3_SSE'] !== 'aws:kms') {
    problems.push('S3_SSE_KMS_KEY_ID: is of use only when S3_SSE is aws:kms');
  }
  return problems;
}

function exportProblems(given: Variables): string[] {
  const allowed = environmentSchema.shape.EXPORT_ALLOW_DB_URL.safeParse(given['EXPORT_ALLOW_DB_URL']).data;
  if (allowed !== true || given['EXPORT_SEAL_KEY'] !== undefined) return [];
  return ['EXPORT_SEAL_KEY: is required when EXPORT_ALLOW_DB_URL is true'];
}

function readVersion(): string {
  const file = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(file)).version;
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}
