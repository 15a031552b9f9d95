import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Config, StorageConfig } from './config.js';
import { environmentSchema, projectRoot, type Environment } from './environment-schema.js';

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
    parse(environmentSchema, environment, (given) => [
      ...storageProblems(given),
      ...exportProblems(given),
      ...authProblems(given),
    ]),
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
    http: toHttp(env),
    auth: toAuth(env),
    limits: toLimits(env),
    audit: { retentionSeconds: env.AUDIT_RETENTION_SECONDS },
    log: { level: env.LOG_LEVEL },
    database: { url: env.DATABASE_URL, poolSize: env.DATABASE_POOL_SIZE },
    redis: { url: env.REDIS_URL },
    storage: toStorage(env),
    worker: {
      host: env.WORKER_HOST ?? env.HOST,
      port: env.WORKER_PORT,
      concurrency: env.WORKER_CONCURRENCY,
      drainSeconds: env.DRAIN_SECONDS,
      longRunSeconds: env.LONG_RUN_SECONDS,
    },
    runs: {
      leaseSeconds: env.RUN_LEASE_SECONDS,
      sweepSeconds: env.RUN_SWEEP_SECONDS,
      timeoutSeconds: env.RUN_TIMEOUT_SECONDS,
      maxAttempts: env.RUN_MAX_ATTEMPTS,
      retryDelaySeconds: env.RUN_RETRY_DELAY_SECONDS,
      resultTtlSeconds: env.RESULT_TTL_SECONDS,
      historySeconds: env.RUN_HISTORY_SECONDS,
      idempotencySeconds: env.IDEMPOTENCY_SECONDS,
      linkTtlSeconds: env.LINK_TTL_SECONDS,
    },
    engine: { memoryMb: env.ENGINE_MEMORY_MB, threads: env.ENGINE_THREADS, spillMb: env.ENGINE_SPILL_MB },
    datasets: {
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
    retention: toRetention(env),
    results: { pageCacheMb: env.PAGE_CACHE_MB },
    scratchDir: resolve(env.SCRATCH_DIR),
    catalogueDir: resolve(env.CATALOGUE_DIR),
  });
}

const toHttp = (env: Environment): Config['http'] => ({
  host: env.HOST,
  port: env.PORT,
  publicUrl: (env.PUBLIC_URL ?? `http://localhost:${String(env.PORT)}`).replace(/\/+$/, ''),
  bodyLimitBytes: env.BODY_LIMIT_BYTES,
  uploadStallSeconds: env.UPLOAD_STALL_SECONDS,
  waitCapSeconds: env.WAIT_CAP_SECONDS,
  drainSeconds: env.API_DRAIN_SECONDS,
  corsOrigins: list(env.CORS_ORIGINS),
  trustedProxies: env.TRUSTED_PROXIES,
});

function toAuth(env: Environment): Config['auth'] {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = env;
  return {
    enabled: env.AUTH === 'on',
    bootstrapKey: env.BOOTSTRAP_API_KEY,
    docsAuthorized: env.DOCS_AUTHORIZED,
    oidc:
      issuer === undefined || audience === undefined
        ? undefined
        : {
            issuer,
            audience,
            jwksUrl: env.OIDC_JWKS_URL,
            ownerClaim: env.OIDC_OWNER_CLAIM,
            scopeClaim: env.OIDC_SCOPE_CLAIM,
            clockSkewSeconds: env.OIDC_CLOCK_SKEW_SECONDS,
          },
  };
}

const toLimits = (env: Environment): Config['limits'] => ({
  running: env.LIMIT_RUNNING,
  queued: env.LIMIT_QUEUED,
  rows: env.LIMIT_ROWS,
  bytes: env.LIMIT_BYTES,
  runSeconds: env.RUN_MAX_TIMEOUT_SECONDS,
  uploadBytes: env.UPLOAD_MAX_BYTES,
  storedBytes: env.LIMIT_STORED_BYTES,
  requestsPerMinute: env.LIMIT_REQUESTS_PER_MINUTE,
});

const toRetention = (env: Environment): Config['retention'] => ({
  datasetVersions: env.DATASET_KEEP_VERSIONS,
  resultCount: env.RESULT_KEEP_COUNT,
  resultBytes: env.RESULT_KEEP_BYTES,
  orphans: {
    sweep: env.ORPHAN_SWEEP,
    everySeconds: env.ORPHAN_SWEEP_SECONDS,
    graceSeconds: env.ORPHAN_GRACE_SECONDS,
  },
});

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
      retentionSeconds: env.INTAKE_RETENTION_SECONDS,
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

/** Whether only this machine can connect to what listens on the host. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

function authProblems(given: Variables): string[] {
  const problems: string[] = [];
  const isLocal = isLoopback(given['HOST'] ?? '');
  if (given['AUTH'] === 'off' && !isLocal) {
    problems.push('AUTH: can be off only when HOST is a loopback address, such as 127.0.0.1');
  }
  if (environmentSchema.shape.DOCS_AUTHORIZED.safeParse(given['DOCS_AUTHORIZED']).data === true && !isLocal) {
    problems.push('DOCS_AUTHORIZED: can be true only when HOST is a loopback address, such as 127.0.0.1');
  }
  if ((given['OIDC_ISSUER'] === undefined) !== (given['OIDC_AUDIENCE'] === undefined)) {
    problems.push('OIDC_AUDIENCE: is required with OIDC_ISSUER, and of use only with it');
  }
  return problems;
}

function readVersion(): string {
  const file = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(file)).version;
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}
