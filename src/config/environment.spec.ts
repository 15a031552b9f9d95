import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environmentSchema } from './environment-schema.js';
import { EnvironmentInvalid, parseDatabaseUrl, parseEnvironment } from './environment.js';

const ROOT = resolve(import.meta.dirname, '../..');
const REQUIRED = { DATABASE_URL: 'postgresql://me:pw@db:5432/longhaul', REDIS_URL: 'redis://redis:6379' };
const LOCAL = { ...REQUIRED, STORAGE_ROOT: '/data/files', STORAGE_SIGNING_KEY: 'k'.repeat(32) };
const S3 = { ...REQUIRED, STORAGE_DRIVER: 's3', S3_BUCKET: 'reports' };

/** Read by the AWS SDK or by `npm start` alone: no part of the configuration of the API and the worker. */
const OF_OTHERS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'DATA_DIR', 'DEMO_DATA'];

type Variables = Record<string, string | undefined>;

function problemsOf(environment: Variables): readonly string[] {
  try {
    parseEnvironment(environment);
  } catch (error) {
    if (error instanceof EnvironmentInvalid) return error.problems;
    throw error;
  }
  return [];
}

describe('parseEnvironment', () => {
  it('fills what is left out', () => {
    const config = parseEnvironment(LOCAL);
    expect(config.http).toMatchObject({ host: '0.0.0.0', port: 3000, publicUrl: 'http://localhost:3000' });
    expect(config.worker).toEqual({ host: '0.0.0.0', port: 3001, concurrency: 2, drainSeconds: 8, longRunSeconds: 60 });
    expect(config.storage).toEqual({ driver: 'local', root: '/data/files', signingKey: 'k'.repeat(32) });
  });

  it('takes what is given', () => {
    const config = parseEnvironment({
      ...S3,
      PORT: '8080',
      PUBLIC_URL: 'https://reports.example.org/',
      CORS_ORIGINS: 'https://a.example, https://b.example',
      S3_FORCE_PATH_STYLE: '1',
      S3_ENDPOINT: 'http://s3:9000',
      S3_PREFIX: 'longhaul/',
      HOST: '127.0.0.1',
    });
    expect(config.http).toMatchObject({ port: 8080, publicUrl: 'https://reports.example.org' });
    expect(config.http.corsOrigins).toEqual(['https://a.example', 'https://b.example']);
    expect(config.worker.host).toBe('127.0.0.1');
    expect(config.storage).toMatchObject({
      driver: 's3',
      bucket: 'reports',
      endpoint: 'http://s3:9000',
      forcePathStyle: true,
      prefix: 'longhaul/',
    });
  });

  it('takes any value of a field for a route', () => {
    const routes = { 'science fiction': 'scifi', Żółw: 'turtles' };
    expect(parseEnvironment({ ...LOCAL, INTAKE_ROUTES: JSON.stringify(routes) }).intake.routes).toEqual(routes);
    const problems = ['INTAKE_ROUTES: must be a JSON object of buckets by name'];
    expect(problemsOf({ ...LOCAL, INTAKE_ROUTES: '{"": "scifi"}' })).toEqual(problems);
    const secret = { value: 's', hosts: ['api.example.com'] };
    expect(problemsOf({ ...LOCAL, EXPORT_SECRETS: JSON.stringify({ a: secret }) })).toEqual([]);
    expect(problemsOf({ ...LOCAL, EXPORT_SECRETS: JSON.stringify({ 'a b': secret }) })).toHaveLength(1);
  });

  it('binds secrets and databases of exports to owners', () => {
    const secrets = {
      open: { value: 'Bearer 1', hosts: ['api.example.com', '*.example.org', '127.0.0.1:3002'], owners: ['*'] },
      own: { value: 'Bearer 2', hosts: ['api.example.com'] },
    };
    const [shop, erp] = ['postgresql://db/shop', 'mysql://db/erp'];
    const databases = { shop, erp: { url: erp, owners: ['acme'] } };
    const given = { EXPORT_SECRETS: JSON.stringify(secrets), EXPORT_DATABASES: JSON.stringify(databases) };
    expect(parseEnvironment({ ...LOCAL, ...given }).exports).toMatchObject({
      secrets: { ...secrets, own: { ...secrets.own, owners: ['default'] } },
      databases: { shop: { url: shop, owners: ['default'] }, erp: databases.erp },
    });
  });

  it.each([
    ['text without hosts', { a: 'Bearer hunter2' }],
    ['no hosts', { a: { value: 'Bearer hunter2' } }],
    ['an empty list of hosts', { a: { value: 'Bearer hunter2', hosts: [] } }],
    ['every host', { a: { value: 'Bearer hunter2', hosts: ['*'] } }],
    ['a URL for a host', { a: { value: 'Bearer hunter2', hosts: ['https://api.example.com'] } }],
    ['nobody', { a: { value: 'Bearer hunter2', hosts: ['api.example.com'], owners: [] } }],
    ['a word too much', { a: { value: 'Bearer hunter2', hosts: ['api.example.com'], owner: 'acme' } }],
  ])('refuses a secret of exports for %s, and says what one looks like', (_, secrets) => {
    const problems = problemsOf({ ...LOCAL, EXPORT_SECRETS: JSON.stringify(secrets) });
    expect(problems).toEqual([expect.stringMatching(/^EXPORT_SECRETS: .*{"orders-api":{"value":.*"hosts":\[/)]);
    expect(problems[0]).not.toContain('hunter2');
  });

  it('refuses a database of exports for nobody, and never shows its URL', () => {
    for (const database of ['postgres hunter2', { url: 'postgresql://me:hunter2@db/x', owners: [] }]) {
      const problems = problemsOf({ ...LOCAL, EXPORT_DATABASES: JSON.stringify({ a: database }) });
      expect(problems).toEqual([expect.stringMatching(/^EXPORT_DATABASES: .*{"warehouse":{"url":/)]);
      expect(problems[0]).not.toContain('hunter2');
    }
  });

  it('takes an empty variable for none', () => {
    expect(parseEnvironment({ ...LOCAL, PORT: '', S3_ENDPOINT: '', PUBLIC_URL: '' }).http.port).toBe(3000);
    expect(problemsOf({ ...LOCAL, REDIS_URL: '' })).toEqual(['REDIS_URL: is required']);
  });

  it('is frozen at every depth', () => {
    const config = parseEnvironment(LOCAL);
    expect(() => Object.assign(config.runs, { maxAttempts: 99 })).toThrow(TypeError);
    expect(() => Object.assign(config, { scratchDir: '/elsewhere' })).toThrow(TypeError);
  });

  it('tells all problems at once, those of the storage driver too', () => {
    const problems = problemsOf({
      DATABASE_URL: 'mysql://db',
      PORT: '70000',
      LOG_LEVEL: 'loud',
      WORKER_CONCURRENCY: '0',
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'PORT',
      'LOG_LEVEL',
      'DATABASE_URL',
      'REDIS_URL',
      'WORKER_CONCURRENCY',
      'STORAGE_ROOT',
      'STORAGE_SIGNING_KEY',
    ]);
    expect(problems).toContain('DATABASE_URL: must be a URL that starts with postgresql:// or postgres://');
  });

  it('never shows a value', () => {
    const secret = 'hunter2-and-more';
    const bad = Object.fromEntries(Object.keys(environmentSchema.shape).map((name) => [name, secret]));
    const read = () => parseEnvironment(bad);
    expect(read).toThrow(EnvironmentInvalid);
    expect(read).not.toThrow(new RegExp(secret));
    expect(() => parseDatabaseUrl({ DATABASE_URL: secret })).not.toThrow(new RegExp(secret));
  });

  it.each([
    [
      'local without its folder',
      { ...LOCAL, STORAGE_ROOT: undefined },
      ['STORAGE_ROOT: is required when STORAGE_DRIVER is local'],
    ],
    [
      'local without its key',
      { ...LOCAL, STORAGE_SIGNING_KEY: '' },
      ['STORAGE_SIGNING_KEY: is required when STORAGE_DRIVER is local'],
    ],
    ['s3 without its bucket', { ...S3, S3_BUCKET: undefined }, ['S3_BUCKET: is required when STORAGE_DRIVER is s3']],
    ['an unknown driver', { ...LOCAL, STORAGE_DRIVER: 'ftp' }, [expect.stringMatching(/^STORAGE_DRIVER: /)]],
    [
      'database URLs of clients without a key to keep them with',
      { ...LOCAL, EXPORT_ALLOW_DB_URL: 'true' },
      ['EXPORT_SEAL_KEY: is required when EXPORT_ALLOW_DB_URL is true'],
    ],
    [
      'no authentication where others can connect',
      { ...LOCAL, AUTH: 'off' },
      ['AUTH: can be off only when HOST is a loopback address, such as 127.0.0.1'],
    ],
    [
      'an issuer of tokens for anybody',
      { ...LOCAL, OIDC_ISSUER: 'https://id.example.com' },
      ['OIDC_AUDIENCE: is required with OIDC_ISSUER, and of use only with it'],
    ],
    [
      'a key for another encryption',
      { ...S3, S3_SSE: 'AES256', S3_SSE_KMS_KEY_ID: 'k1' },
      ['S3_SSE_KMS_KEY_ID: is of use only when S3_SSE is aws:kms'],
    ],
    [
      'links that S3 refuses',
      { ...S3, LINK_TTL_SECONDS: '604801' },
      ['LINK_TTL_SECONDS: must be at most 604800 when STORAGE_DRIVER is s3'],
    ],
  ] satisfies [string, Variables, unknown[]][])('refuses %s', (_, environment, problems) => {
    expect(problemsOf(environment)).toEqual(problems);
  });

  it('asks for the database only when no more is needed', () => {
    expect(parseDatabaseUrl({ DATABASE_URL: REQUIRED.DATABASE_URL })).toBe(REQUIRED.DATABASE_URL);
    expect(() => parseDatabaseUrl({})).toThrow('DATABASE_URL: is required');
  });
});

describe('the documented variables', () => {
  const documented = defaults();

  it('are those of the schema in README.md, with their defaults', () => {
    const rows = read('README.md').matchAll(/^\| `([A-Z\d_]+)` +\| (?:`([^`]*)`)? *\| \S/gm);
    expect(Object.fromEntries(Array.from(rows, ([, name, value]) => [name, value ?? '']))).toEqual(documented);
  });

  it('are those of the schema in .env.example, with their defaults', () => {
    const lines = Array.from(read('.env.example').matchAll(/^(#?)([A-Z\d_]+)=(.*)$/gm));
    const listed = lines.filter(([, , name]) => !OF_OTHERS.includes(name ?? ''));
    expect(Object.fromEntries(listed.map(([, , name, value]) => [name, value]))).toEqual(documented);
    expect(lines).toHaveLength(Object.keys(documented).length + OF_OTHERS.length);
  });

  it('are each explained by the line before in .env.example', () => {
    const lines = read('.env.example').split('\n');
    const names = Object.keys(documented);
    const bare = names.filter((name) => {
      const at = lines.findIndex((line) => line.replace('#', '').startsWith(`${name}=`));
      return !/^# \S.*\.$/.test(lines[at - 1] ?? '');
    });
    expect(bare).toEqual([]);
  });

  it('work when .env.example is taken as it is and the required ones are filled in', () => {
    const uncommented = Array.from(read('.env.example').matchAll(/^([A-Z\d_]+)=(.*)$/gm), ([, name, value]) => [
      name,
      value,
    ]);
    expect(Object.fromEntries(uncommented)).toEqual({ DATABASE_URL: '', REDIS_URL: '' });
  });
});

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

/** Name and default of every variable as text; empty when there is none. */
function defaults(): Record<string, string> {
  const parsed: Record<string, unknown> = environmentSchema.parse(REQUIRED);
  const text = (name: string): string => {
    if (name in REQUIRED || parsed[name] === undefined) return '';
    const value = JSON.stringify(parsed[name]).replaceAll('"', '');
    if (name === 'CATALOGUE_DIR') return `./${relative(ROOT, value)}`;
    return name === 'SCRATCH_DIR' ? value.replace(tmpdir(), '/tmp') : value;
  };
  return Object.fromEntries(Object.keys(environmentSchema.shape).map((name) => [name, text(name)]));
}
