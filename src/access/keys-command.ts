import { parseArgs } from 'node:util';
import { ValidationFailed } from '../common/errors.js';
import { SCOPES, scopesAmong, type Scope } from '../common/scope.js';
import { DEFAULT_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS, type ApiKey } from './api-key.js';
import type { ApiKeysService } from './api-keys.service.js';

export const USAGE = `Keys of the API, in the database of DATABASE_URL.

  create --owner <owner> --name <name> --scopes <scope,...> [--expires <90d|12h|2027-01-01T00:00:00Z>]
  list   [--owner <owner>]
  rotate <id> [--overlap <seconds>]
  revoke <id>

Scopes: ${SCOPES.join(', ')}
`;

const SECONDS = { d: 86_400, h: 3600 } as const;
const PAGE = 100;

/** What was asked for is not a command, or lacks something: the message says what. */
export class UsageWrong extends Error {}

/** Runs a command line. Returns what it prints: of a new key only the key, so that scripts can take it. */
export async function runKeysCommand(keys: ApiKeysService, args: readonly string[]): Promise<string> {
  const { command, id, values } = parsed(args);
  switch (command) {
    case 'create': {
      const { owner, name, scopes, expires } = values;
      if (!owner || !name || !scopes) throw new UsageWrong('create needs --owner, --name and --scopes.');
      const expiresAt = expires === undefined ? null : expiryOf(expires);
      return (await keys.create({ owner, name, scopes: scopesOf(scopes), expiresAt })).value;
    }
    case 'list':
      return (await Array.fromAsync(all(keys, values.owner), lineOf)).join('\n');
    case 'rotate':
      return (await keys.rotate(idOf(id), overlapOf(values.overlap))).value;
    case 'revoke':
      await keys.revoke(idOf(id));
      return `Revoked ${idOf(id)}.`;
    default:
      throw new UsageWrong(command === undefined ? 'Say what to do.' : `There is no command ${command}.`);
  }
}

/** What a person reads of an error that the service throws. */
export const messageOf = (error: Error): string =>
  error instanceof ValidationFailed
    ? error.places.map(({ pointer = '', detail }) => `${pointer.slice(1)} ${detail}`).join('\n')
    : error.message;

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { owner: text, name: text, scopes: text, expires: text, overlap: text },
    });
    const [command, id, ...more] = positionals;
    if (more.length > 0) throw new UsageWrong(`${more.join(' ')} is too much.`);
    return { command, id, values };
  } catch (error) {
    throw error instanceof TypeError ? new UsageWrong(error.message) : error;
  }
}

function idOf(id: string | undefined): string {
  if (id === undefined || !/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) {
    throw new UsageWrong('The id of a key is needed; list shows them.');
  }
  return id;
}

function scopesOf(text: string): Scope[] {
  const names = text.split(',').map((name) => name.trim());
  const scopes = scopesAmong(names);
  const unknown = names.filter((name) => !scopes.some((scope) => scope === name));
  if (unknown.length > 0) throw new UsageWrong(`There is no scope ${unknown.join(', ')}.`);
  return scopes;
}

function expiryOf(text: string): Date {
  const [, count, unit] = /^(\d{1,6})([dh])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(Date.now() + Number(count) * SECONDS[unit === 'd' ? 'd' : 'h'] * 1000);
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new UsageWrong('--expires is 90d, 12h or a time such as 2027-01-01T00:00:00Z.');
  return at;
}

function overlapOf(text: string | undefined): number {
  const overlap = Number(text ?? DEFAULT_OVERLAP_SECONDS);
  if (Number.isInteger(overlap) && overlap >= 0 && overlap <= MAX_OVERLAP_SECONDS) return overlap;
  throw new UsageWrong(`--overlap is a number of seconds, at most ${String(MAX_OVERLAP_SECONDS)}.`);
}

async function* all(keys: ApiKeysService, owner: string | undefined): AsyncGenerator<ApiKey> {
  for (let cursor: string | undefined; ;) {
    const page = await keys.list({ owner, limit: PAGE, cursor });
    yield* page.keys;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

function lineOf({ id, prefix, owner, name, scopes, expiresAt, revokedAt, lastUsedAt }: ApiKey): string {
  const end = revokedAt
    ? `revoked ${revokedAt.toISOString()}`
    : expiresAt
      ? `until ${expiresAt.toISOString()}`
      : 'no end';
  const use = lastUsedAt ? `used ${lastUsedAt.toISOString()}` : 'never used';
  return [id, prefix, owner, name, scopes.join(','), end, use].join('\t');
}
