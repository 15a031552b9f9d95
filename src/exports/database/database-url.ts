import { isIP } from 'node:net';

/** The two dialects: `postgresql` is also CockroachDB's, `mysql` also MariaDB's. */
export const DatabaseKind = { Postgresql: 'postgresql', Mysql: 'mysql' } as const;
export type DatabaseKind = (typeof DatabaseKind)[keyof typeof DatabaseKind];

/** As libpq names them. `require` encrypts without asking who the server is, `verify-ca` looks at its issuer, `verify-full` at its name too. */
export const TlsMode = {
  Disable: 'disable',
  Require: 'require',
  VerifyCa: 'verify-ca',
  VerifyFull: 'verify-full',
} as const;
export type TlsMode = (typeof TlsMode)[keyof typeof TlsMode];

/** What a database URL says. `host` as `new URL()` writes the host of an HTTP URL, without the brackets of IPv6. */
export interface DatabaseAddress {
  kind: DatabaseKind;
  host: string;
  port: number;
  user: string;
  password: string | undefined;
  database: string;
  tls: TlsMode;
  /** PEM file of the issuers to trust. */
  caFile: string | undefined;
  /** PostgreSQL: command-line options of the session. */
  options: string | undefined;
}

/** Says what is wrong with a database URL, never what is in it. */
export class DatabaseUrlInvalid extends Error {}

const KINDS: Readonly<Record<string, { kind: DatabaseKind; port: number }>> = {
  'postgresql:': { kind: DatabaseKind.Postgresql, port: 5432 },
  'postgres:': { kind: DatabaseKind.Postgresql, port: 5432 },
  'mysql:': { kind: DatabaseKind.Mysql, port: 3306 },
  'mariadb:': { kind: DatabaseKind.Mysql, port: 3306 },
};

/** Both servers' own words, in lower case. */
const TLS_MODES: Readonly<Record<string, TlsMode>> = {
  disable: TlsMode.Disable,
  disabled: TlsMode.Disable,
  require: TlsMode.Require,
  required: TlsMode.Require,
  'verify-ca': TlsMode.VerifyCa,
  verify_ca: TlsMode.VerifyCa,
  'verify-full': TlsMode.VerifyFull,
  verify_identity: TlsMode.VerifyFull,
};
const PARAMETERS = ['sslmode', 'ssl-mode', 'sslrootcert', 'ssl-ca', 'options'];

/**
 * `postgresql://user:password@host:port/database?sslmode=verify-full`, or the same with `mysql://`. Throws
 * `DatabaseUrlInvalid`. Files of this machine (`sslrootcert`) are for URLs of the configuration only.
 */
export function parseDatabaseUrl(text: string, { files }: { files: boolean }): DatabaseAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  const found = KINDS[url?.protocol ?? ''];
  if (url === null || found === undefined) {
    throw new DatabaseUrlInvalid('must be a URL such as postgresql://user:password@host:5432/database or mysql://…');
  }
  if (url.hash !== '') throw new DatabaseUrlInvalid('must not have a fragment; write # as %23');
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    throw new DatabaseUrlInvalid(`has the parameter "${unknown}"; known are ${PARAMETERS.join(', ')}`);
  }
  const caFile = url.searchParams.get('sslrootcert') ?? url.searchParams.get('ssl-ca') ?? undefined;
  if (caFile !== undefined && !files) throw new DatabaseUrlInvalid('must not name a file');
  const user = decode(url.username);
  const database = decode(url.pathname.slice(1));
  if (user === '' || database === '') throw new DatabaseUrlInvalid('must name a user and a database');
  const host = hostOf(url);
  const tls = tlsOf(url, caFile);
  // The driver of MySQL compares a certificate with names only.
  if (found.kind === DatabaseKind.Mysql && tls === TlsMode.VerifyFull && isIP(host) !== 0) {
    throw new DatabaseUrlInvalid('must name the host, and not its address, for sslmode verify-full');
  }
  return {
    kind: found.kind,
    host,
    port: url.port === '' ? found.port : Number(url.port),
    user,
    password: url.password === '' ? undefined : decode(url.password),
    database,
    tls,
    caFile,
    options: url.searchParams.get('options') ?? undefined,
  };
}

/** The URL as it may be shown: without password and parameters. */
export function maskDatabaseUrl(text: string): string {
  if (!URL.canParse(text)) return '***';
  const { protocol, username, password, host, pathname } = new URL(text);
  return `${protocol}//${username}${password === '' ? '' : ':***'}@${host}${pathname}`;
}

/** Only URLs of known schemes are normalised: 0x7f.1 has to become 127.0.0.1 before it is judged. */
function hostOf({ hostname }: URL): string {
  const http = `http://${hostname}`;
  if (hostname === '' || !URL.canParse(http)) throw new DatabaseUrlInvalid('must name a host');
  return new URL(http).hostname.replace(/^\[|\]$|\.$/g, '');
}

function tlsOf({ searchParams }: URL, caFile: string | undefined): TlsMode {
  const name = searchParams.get('sslmode') ?? searchParams.get('ssl-mode');
  if (name === null) return caFile === undefined ? TlsMode.Disable : TlsMode.VerifyFull;
  const mode = TLS_MODES[name.toLowerCase()];
  if (mode === undefined) {
    throw new DatabaseUrlInvalid('has an sslmode that is none of disable, require, verify-ca, verify-full');
  }
  return mode;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) throw new DatabaseUrlInvalid('has a % that is no percent-encoding; write %25');
    throw error;
  }
}
