import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actAs } from '../../src/common/actor.js';
import { newApiKey } from '../../src/common/api-key.js';
import { Scope } from '../../src/common/scope.js';
import { AccessApp } from '../support/access-app.js';

const BOOTSTRAP = 'chosen-by-the-operator-1';

let app: AccessApp;

beforeAll(async () => {
  app = await AccessApp.start({ BOOTSTRAP_API_KEY: BOOTSTRAP });
});
afterAll(() => app.stop());

const create = async (overrides: Partial<Parameters<AccessApp['keys']['create']>[0]> = {}) =>
  await app.keys.create({ owner: 'ann', name: 'ci', scopes: [Scope.ReportsRead], expiresAt: null, ...overrides });

const refused = (detail: string) => ({
  code: 'unauthenticated',
  message: detail,
  challenge: expect.stringContaining('invalid_token') as string,
});

const audited = async (resource: string) =>
  (
    await app.sql.query(
      'SELECT owner, action, actor_type, actor_id, detail FROM audit_entries WHERE resource = $1 ORDER BY sequence',
      [resource],
    )
  ).rows as unknown[];

describe('an API key', () => {
  it('tells the caller, by either header, and is kept as a digest only', async () => {
    const { key, value } = await create();
    const expected = {
      owner: 'ann',
      scopes: new Set(['reports:read']),
      actor: { type: 'key', id: key.id, address: '127.0.0.9' },
    };
    expect(await app.withKey(value)).toMatchObject(expected);
    for (const authorization of [`Bearer ${value}`, `bearer ${value}`]) {
      expect(await app.authenticate({ authorization })).toMatchObject(expected);
    }
    expect(await app.authenticate({ authorization: `Bearer ${value}`, 'x-api-key': value })).toMatchObject(expected);
    const { rows } = await app.sql.query<{ row: string }>('SELECT k::text AS row FROM api_keys k WHERE id = $1', [
      key.id,
    ]);
    expect(rows[0]!.row).not.toContain(value.slice(12));
  });

  it('is refused when it is none, of another form, or one of two', async () => {
    const [{ value }, { value: other }] = [await create(), await create()];
    await expect(app.authenticate({})).rejects.toMatchObject({
      code: 'unauthenticated',
      challenge: 'Bearer realm="longhaul"',
    });
    const unknown = [
      newApiKey(),
      `${value}x`,
      value.slice(0, -1),
      `${value.slice(0, 12)}${'A'.repeat(43)}`,
      'x',
      "' OR 1=1 --",
    ];
    for (const key of unknown)
      await expect(app.withKey(key)).rejects.toMatchObject(refused('The API key is not known.'));
    const two = { authorization: `Bearer ${value}`, 'x-api-key': other };
    await expect(app.authenticate(two)).rejects.toMatchObject(
      refused('The request has two credentials that differ. Send one.'),
    );
    await expect(app.authenticate({ authorization: `Basic ${value}` })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('ends when it expires', async () => {
    const { key, value } = await create({ expiresAt: new Date(Date.now() + 3_600_000) });
    await app.withKey(value);
    await app.sql.query(`UPDATE api_keys SET expires_at = now() - interval '1 ms' WHERE id = $1`, [key.id]);
    await expect(app.withKey(value)).rejects.toMatchObject(refused('The API key has expired.'));
    await expect(create({ expiresAt: new Date(Date.now() - 1000) })).rejects.toMatchObject({
      code: 'validation-failed',
    });
  });

  it('ends with its revocation at once, in every process, once and for all', async () => {
    const { key, value } = await create();
    const other = await AccessApp.start({}, { beside: app });
    try {
      await other.withKey(value);
      await app.keys.revoke(key.id);
      for (const process of [app, other]) {
        await expect(process.withKey(value)).rejects.toMatchObject(refused('The API key is revoked.'));
      }
      const { revokedAt } = await app.keys.get(key.id);
      await app.keys.revoke(key.id);
      expect((await app.keys.get(key.id)).revokedAt).toEqual(revokedAt);
      expect(await audited(key.id)).toHaveLength(2);
    } finally {
      await other.stop({ keepDatabase: true });
    }
    const nobody = '0190c0de-0000-7000-8000-000000000000';
    await expect(app.keys.revoke(nobody)).rejects.toMatchObject({ code: 'key-not-found' });
  });

  it('notes its last use, at most once a minute, beside the request', async () => {
    const { key, value } = await create();
    const lastUse = async () => (await app.keys.get(key.id)).lastUsedAt;
    expect(await lastUse()).toBeNull();
    await app.withKey(value);
    await expect.poll(lastUse).not.toBeNull();
    const first = await lastUse();
    await app.withKey(value);
    await app.withKey(value);
    expect(await lastUse()).toEqual(first);
    await app.sql.query(`UPDATE api_keys SET last_used_at = now() - interval '61 s' WHERE id = $1`, [key.id]);
    await app.withKey(value);
    await expect.poll(async () => (await lastUse())! >= first!).toBe(true);
    // A row that cannot be written now holds nobody up.
    await app.sql.query(`UPDATE api_keys SET last_used_at = NULL WHERE id = $1`, [key.id]);
    await app.sql.query('BEGIN');
    await app.sql.query('SELECT 1 FROM api_keys WHERE id = $1 FOR UPDATE', [key.id]);
    expect(await app.withKey(value)).toMatchObject({ owner: 'ann' });
    await app.sql.query('COMMIT');
    await expect.poll(lastUse).not.toBeNull();
  });
});

describe('a rotation', () => {
  it('makes a key like the old one, which works for a while more', async () => {
    const { key: old, value: oldValue } = await create({ scopes: [Scope.ReportsRead, Scope.ExportsRun] });
    const { key, value } = await app.keys.rotate(old.id, 3600);
    expect(key).toMatchObject({ owner: 'ann', name: 'ci', scopes: old.scopes, expiresAt: null, replaces: old.id });
    for (const each of [oldValue, value]) await app.withKey(each);
    const left = (await app.keys.get(old.id)).expiresAt!.getTime() - Date.now();
    expect(left).toBeGreaterThan(3_000_000);
    expect(left).toBeLessThan(4_000_000);
    expect(await audited(key.id)).toMatchObject([{ action: 'key.rotate', detail: { replaces: old.id } }]);
  });

  it('without overlap ends the old one at once', async () => {
    const { key, value } = await create();
    const made = await app.keys.rotate(key.id, 0);
    await expect(app.withKey(value)).rejects.toMatchObject(refused('The API key has expired.'));
    await app.withKey(made.value);
  });

  it('lengthens no life: not of the old key, and of the new one as long as the old one was given', async () => {
    const day = 86_400_000;
    const { key: old } = await create({ expiresAt: new Date(Date.now() + 10 * day) });
    await app.sql.query(
      `UPDATE api_keys SET created_at = created_at - interval '9 d 23 h', expires_at = expires_at - interval '9 d 23 h' WHERE id = $1`,
      [old.id],
    );
    const { key } = await app.keys.rotate(old.id, 7 * 86_400);
    expect((await app.keys.get(old.id)).expiresAt!.getTime()).toBeLessThan(Date.now() + 2 * 3_600_000);
    expect(Math.round((key.expiresAt!.getTime() - Date.now()) / day)).toBe(10);
  });

  it('happens once to a key, also when asked twice at once, and not to one that is over', async () => {
    const { key } = await create();
    const rotations = await Promise.allSettled([app.keys.rotate(key.id, 60), app.keys.rotate(key.id, 60)]);
    expect(rotations.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { key: revoked } = await create();
    await app.keys.revoke(revoked.id);
    await expect(app.keys.rotate(revoked.id, 60)).rejects.toMatchObject({ code: 'validation-failed' });
  });
});

describe('the list of keys', () => {
  it('is that of all owners or of one, page by page', async () => {
    for (let count = 0; count < 3; count += 1) await create({ owner: 'bob' });
    const first = await app.keys.list({ owner: 'bob', limit: 2, cursor: undefined });
    const second = await app.keys.list({ owner: 'bob', limit: 2, cursor: first.nextCursor! });
    expect([first.keys.length, second.keys.length, second.nextCursor]).toEqual([2, 1, null]);
    const all = await app.keys.list({ owner: undefined, limit: 100, cursor: undefined });
    expect(new Set(all.keys.map(({ owner }) => owner))).toEqual(new Set(['ann', 'bob', 'default']));
  });
});

describe('the audit', () => {
  it('says who made and revoked a key', async () => {
    const actor = { type: 'operator', id: 'olga', address: null, requestId: null } as const;
    const { key } = await actAs(actor, () => create());
    await actAs(actor, () => app.keys.revoke(key.id));
    expect(await audited(key.id)).toMatchObject([
      { owner: 'ann', action: 'key.create', actor_type: 'operator', actor_id: 'olga', detail: { name: 'ci' } },
      { owner: 'ann', action: 'key.revoke', actor_type: 'operator', actor_id: 'olga' },
    ]);
  });
});

describe('BOOTSTRAP_API_KEY', () => {
  it('is an admin key of the default owner, made once by many processes', async () => {
    const others = await Promise.all(
      [1, 2, 3, 4].map(() => AccessApp.start({ BOOTSTRAP_API_KEY: BOOTSTRAP }, { beside: app })),
    );
    await Promise.all(others.map(({ bootstrap }) => bootstrap.onApplicationBootstrap()));
    expect(await app.withKey(BOOTSTRAP)).toMatchObject({ owner: 'default', scopes: new Set(['admin']) });
    const { rows } = await app.sql.query(`SELECT name, prefix FROM api_keys WHERE owner = 'default'`);
    expect(rows).toEqual([{ name: 'bootstrap', prefix: 'other' }]);
    for (const other of others) await other.stop({ keepDatabase: true });
  });

  it('takes the place of an earlier value, and back', async () => {
    const changed = await AccessApp.start({ BOOTSTRAP_API_KEY: newApiKey() }, { beside: app });
    await app.withKey(BOOTSTRAP);
    await changed.bootstrap.onApplicationBootstrap();
    await expect(app.withKey(BOOTSTRAP)).rejects.toMatchObject(refused('The API key is revoked.'));
    const back = await AccessApp.start({ BOOTSTRAP_API_KEY: BOOTSTRAP }, { beside: app });
    expect(await back.withKey(BOOTSTRAP)).toMatchObject({ owner: 'default' });
    const { rows } = await app.sql.query(`SELECT id FROM api_keys WHERE name = 'bootstrap' AND revoked_at IS NULL`);
    expect(rows).toHaveLength(1);
    for (const other of [changed, back]) await other.stop({ keepDatabase: true });
  });

  it('is no name for another key, and not rotated', async () => {
    await expect(create({ name: 'bootstrap' })).rejects.toMatchObject({ code: 'validation-failed' });
    const { actor } = await app.withKey(BOOTSTRAP);
    await expect(app.keys.rotate(actor.id!, 0)).rejects.toMatchObject({ code: 'validation-failed' });
  });
});
