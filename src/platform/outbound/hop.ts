import { OutboundRefused } from './outbound-errors.js';

/** One request on the way of redirects. */
export interface Hop {
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Of the connection, which is ours, or of a body, which there is none of. `host` would lead past the check of addresses. */
const NOT_TO_SET: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'keep-alive', 'proxy-connection', 'upgrade', 'expect', 'te', 'trailer'],
  ...['transfer-encoding', 'content-length'],
]);
/** All others may be credentials, and are sent to nobody but the origin that they were given for. */
const SENT_ANYWHERE: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'user-agent']);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Throws `OutboundRefused` for a URL or headers that cannot be sent. User and password of a URL become a header. */
export function firstHop(
  text: string,
  given: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>>,
): Hop {
  const url = parseUrl(text, undefined);
  const headers = new Map([...Object.entries(defaults), ...basicAuthorization(url)]);
  for (const [name, value] of Object.entries(given)) {
    if (NOT_TO_SET.has(name.toLowerCase())) throw new OutboundRefused(`The header ${name} cannot be set.`);
    if (!NAME.test(name)) throw new OutboundRefused('A header has a name that cannot be sent.');
    if (!VALUE.test(value)) throw new OutboundRefused(`The value of the header ${name} cannot be sent.`);
    headers.set(name.toLowerCase(), value);
  }
  return { url: bare(url), headers: Object.fromEntries(headers) };
}

/** Where the answer leads; null if it is the end. */
export function redirected(hop: Hop, status: number, location: string | string[] | undefined): Hop | null {
  if (!REDIRECTS.has(status) || typeof location !== 'string') return null;
  const url = bare(parseUrl(location, hop.url));
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
    throw new OutboundRefused(
      `${hop.url.hostname} redirects from https to http, where anybody on the way can read. Name the http URL if that is wanted.`,
    );
  }
  if (url.origin === hop.url.origin) return { url, headers: hop.headers };
  const kept = Object.entries(hop.headers).filter(([name]) => SENT_ANYWHERE.has(name));
  return { url, headers: Object.fromEntries(kept) };
}

/** For messages: user, password and the values of the query may be secrets. */
export function describeUrl(url: URL): string {
  const names = [...new Set(url.searchParams.keys())].map((name) => `${name}=…`).join('&');
  const text = `${url.origin}${url.pathname}${names === '' ? '' : `?${names}`}`;
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function parseUrl(text: string, base: URL | undefined): URL {
  const where = base === undefined ? 'The URL of the request' : `The URL that ${base.hostname} redirects to`;
  if (!URL.canParse(text, base?.href)) throw new OutboundRefused(`${where} cannot be read.`);
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new OutboundRefused(`${where} starts with ${url.protocol} but only http: and https: can be fetched.`);
  }
  return url;
}

function bare(url: URL): URL {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  copy.hash = '';
  return copy;
}

function basicAuthorization({ username, password }: URL): [string, string][] {
  if (username === '' && password === '') return [];
  const pair = [username, password].map((part) => unescaped(part)).join(':');
  return [['authorization', `Basic ${Buffer.from(pair).toString('base64')}`]];
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new OutboundRefused('User or password in the URL of the request are not escaped as they must be.', {
      cause: error,
    });
  }
}
