import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { BUCKET_NAME } from '../common/bucket-name.js';
import { isHostRule } from '../common/host-rule.js';
import { DEFAULT_OWNER } from '../common/owners.js';

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

const NAME = z.string().regex(/^[\w.-]{1,100}$/);
/** As the routes that are set over HTTP have it. */
const FIELD_VALUE = z.string().min(1).max(255);

/** A JSON object by name, such as {"romance":"romance"}. One message for all that may be wrong: none repeats a value. */
const named = <T>(rule: z.ZodType<T>, what: string, name = NAME) =>
  z.string().transform((text, context): Record<string, T> => {
    const parsed = z.record(name, rule).safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: `must be a JSON object of ${what}` });
    return z.NEVER;
  });

/** Undefined for what is no JSON: no schema takes it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const owners = z.array(z.string().min(1)).min(1).default([DEFAULT_OWNER]);
const databaseUrl = url('postgresql:', 'postgres:', 'mysql:', 'mariadb:');
const secret = z.strictObject({
  value: z.string().min(1),
  hosts: z.array(z.string().refine(isHostRule)).min(1),
  owners,
});
const database = z.union([
  databaseUrl.transform((text) => ({ url: text, owners: [DEFAULT_OWNER] })),
  z.strictObject({ url: databaseUrl, owners }),
]);
const SECRETS =
  'header values by name with the hosts (host, host:port or *.suffix) that may get them and the owners that may use them: ' +
  '{"orders-api":{"value":"Bearer 123","hosts":["api.example.com"],"owners":["default"]}}';
const DATABASES =
  'postgresql:// and mysql:// URLs by name, with the owners that may use them: ' +
  '{"warehouse":{"url":"postgresql://reader@db/shop","owners":["default"]}}';

/** The project's root: two folders above this file, in `src` as in `dist`. */
export const projectRoot = resolve(import.meta.dirname, '../..');

/** Every variable with its rule and default; README.md and .env.example list the same. */
export const environmentSchema = z.object({
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: wholeNumber(3000).pipe(z.number().max(65535)),
  PUBLIC_URL: url('http:', 'https:').optional(),
  BODY_LIMIT_BYTES: wholeNumber(1_048_576),
  UPLOAD_STALL_SECONDS: wholeNumber(60).pipe(z.number().max(86_400)),
  WAIT_CAP_SECONDS: wholeNumber(30, 0),
  API_DRAIN_SECONDS: wholeNumber(5, 0),
  CORS_ORIGINS: z.string().default(''),
  TRUSTED_PROXIES: wholeNumber(0, 0),
  AUTH: z.enum(['on', 'off']).default('on'),
  DOCS_AUTHORIZED: flag(false),
  BOOTSTRAP_API_KEY: z.string().min(16).optional(),
  OIDC_ISSUER: url('https:', 'http:').optional(),
  OIDC_AUDIENCE: z.string().min(1).optional(),
  OIDC_JWKS_URL: url('https:', 'http:').optional(),
  OIDC_OWNER_CLAIM: z.string().min(1).default('tenant'),
  OIDC_SCOPE_CLAIM: z.string().min(1).default('scope'),
  OIDC_CLOCK_SKEW_SECONDS: wholeNumber(30, 0),
  LIMIT_RUNNING: wholeNumber(16),
  LIMIT_QUEUED: wholeNumber(10_000),
  LIMIT_ROWS: wholeNumber(100_000_000),
  LIMIT_BYTES: wholeNumber(50 * 1024 ** 3),
  LIMIT_STORED_BYTES: wholeNumber(500 * 1024 ** 3),
  LIMIT_REQUESTS_PER_MINUTE: wholeNumber(60_000),
  AUDIT_RETENTION_SECONDS: wholeNumber(400 * 86_400),
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
  LONG_RUN_SECONDS: wholeNumber(60),
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
  DATASET_KEEP_VERSIONS: wholeNumber(10),
  RESULT_KEEP_COUNT: wholeNumber(0, 0),
  RESULT_KEEP_BYTES: wholeNumber(0, 0),
  ORPHAN_SWEEP: z.enum(['remove', 'report', 'off']).default('remove'),
  ORPHAN_SWEEP_SECONDS: wholeNumber(3600),
  ORPHAN_GRACE_SECONDS: wholeNumber(86_400),
  PAGE_CACHE_MB: wholeNumber(512),
  EXPORT_SOURCE_URL: url('http:', 'https:').optional(),
  EXPORT_SECRETS: named(secret, SECRETS).optional(),
  EXPORT_DATABASES: named(database, DATABASES).optional(),
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
  INTAKE_ROUTES: named(z.string().regex(BUCKET_NAME), 'buckets by name', FIELD_VALUE).optional(),
  INTAKE_FIELD: z.string().min(1).default('genre'),
  INTAKE_RETENTION_SECONDS: wholeNumber(30 * 86_400),
  EVENTS_QUEUE_URL: url('http:', 'https:').optional(),
  WEBHOOK_SEAL_KEY: z.string().min(32).optional(),
  WEBHOOK_TIMEOUT_SECONDS: wholeNumber(20),
  OUTBOX_RETENTION_SECONDS: wholeNumber(30 * 86_400),
  SCRATCH_DIR: z.string().min(1).default(join(tmpdir(), 'longhaul')),
  CATALOGUE_DIR: z.string().min(1).default(join(projectRoot, 'catalogue')),
});

export type Environment = z.infer<typeof environmentSchema>;
