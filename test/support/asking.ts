import type { Client } from './client.js';
import { bodyOf, type Example } from './operations.js';

type Headers = Readonly<Record<string, string>>;

/** What an operation answered. */
export interface Told {
  operation: string;
  status: number;
  challenge: string | null;
  code: unknown;
  body: unknown;
}

/** Sends a request of the operation; of a stream of events only the beginning is awaited. */
export async function ask(url: string, headers: Headers, { operation, path }: Example): Promise<Told> {
  const { json, raw, headers: more } = bodyOf(operation);
  const stop = new AbortController();
  const response = await fetch(url + path, {
    method: operation.method,
    redirect: 'manual',
    headers: { ...headers, ...(json !== undefined && { 'content-type': 'application/json' }), ...more },
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(30_000)]),
    ...((json !== undefined || raw !== undefined) && {
      body: json === undefined ? (raw as string) : JSON.stringify(json),
    }),
  });
  const type = response.headers.get('content-type') ?? '';
  const isStream = type.startsWith('text/event-stream');
  const text = isStream ? '' : await response.text();
  if (isStream) stop.abort();
  const body: unknown = /\bjson\b/.test(type) ? JSON.parse(text) : text;
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : null;
  const challenge = response.headers.get('www-authenticate');
  return { operation: `${operation.method} ${path}`, status: response.status, challenge, code, body };
}

export const keyOf = ({ key }: Pick<Client, 'key'>) => ({ 'x-api-key': key });

/** Asks for all of them, some at once; one after the other would take a minute. */
export async function askAll(
  url: string,
  asked: readonly Example[],
  headersOf: (example: Example) => Promise<Headers>,
) {
  const told: Told[] = [];
  for (let at = 0; at < asked.length; at += 16) {
    const some = asked.slice(at, at + 16);
    told.push(...(await Promise.all(some.map(async (example) => ask(url, await headersOf(example), example)))));
  }
  return told;
}

/** Without what an answer says of the request: its id, and the ids and names in its path. */
export const anonymous = (body: unknown, path = ''): unknown => {
  const values = path.split('/').filter((segment) => segment.includes('-') || segment === 'rows' || segment === 'mine');
  const text = values.reduce((all, value) => all.replaceAll(value, '…'), JSON.stringify(body));
  return JSON.parse(text.replaceAll(/"request_id":"[^"]*"/g, '"request_id":""'));
};
