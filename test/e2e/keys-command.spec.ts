import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessApp } from '../support/access-app.js';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../../dist/keys.js');

let app: AccessApp;

beforeAll(async () => {
  app = await AccessApp.start();
});
afterAll(() => app.stop());

/** The built command as a process that knows the database and nothing else. */
async function keys(...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: app.databaseUrl };
  return (await run(process.execPath, [SCRIPT, ...args], { env })).stdout.trimEnd();
}

const create = (...more: string[]) =>
  keys('create', '--owner', 'acme', '--name', 'ci', '--scopes', 'reports:read,reports:run', ...more);

describe('npm run keys', () => {
  it('makes, lists, rotates and revokes keys in the name of the operator', async () => {
    const value = await create('--expires', '90d');
    const caller = await app.withKey(value);
    expect(caller).toMatchObject({ owner: 'acme', scopes: new Set(['reports:read', 'reports:run']) });
    expect(Math.round((caller.expiresAt!.getTime() - Date.now()) / 86_400_000)).toBe(90);
    const id = caller.actor.id!;
    expect(await keys('list')).toContain(`${id}\t${value.slice(0, 11)}\tacme\tci\treports:read,reports:run\tuntil `);
    const next = await keys('rotate', id, '--overlap', '60');
    expect(await app.withKey(next)).toMatchObject({ owner: 'acme' });
    expect(await keys('revoke', id)).toBe(`Revoked ${id}.`);
    await expect(app.withKey(value)).rejects.toMatchObject({ code: 'unauthenticated' });
    const { rows } = await app.sql.query(
      `SELECT action FROM audit_entries WHERE actor_type = 'operator' ORDER BY sequence`,
    );
    expect(rows).toEqual(['key.create', 'key.rotate', 'key.revoke'].map((action) => ({ action })));
  });

  it.each([
    [[], 'Say what to do.'],
    [['drop'], 'There is no command drop.'],
    [['create', '--owner', 'acme'], 'create needs --owner, --name and --scopes.'],
    [['create', '--owner', 'a', '--name', 'b', '--scopes', 'all'], 'There is no scope all.'],
    [['create', '--owner', 'a b', '--name', 'b', '--scopes', 'admin'], 'owner must be'],
    [['create', '--owner', 'a', '--name', 'b', '--scopes', 'admin', '--expires', 'soon'], '--expires is 90d'],
    [['revoke', 'lh_abcdef12'], 'The id of a key is needed'],
    [['revoke', '0190c0de-0000-7000-8000-000000000000'], 'There is no key'],
    [['list', '--all'], '--all'],
  ])('says what is wrong with %j', async (args, message) => {
    await expect(keys(...args)).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(message) as string,
    });
  });
});
