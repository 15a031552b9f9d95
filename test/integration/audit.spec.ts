import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditAction } from '../../src/audit/audit-entry.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { AuditRepository } from '../../src/audit/audit.repository.js';
import { actAs, type Actor } from '../../src/common/actor.js';
import { PrismaService } from '../../src/platform/prisma/prisma.service.js';
import { RunsApp } from '../support/runs-app.js';

const KEY: Actor = { type: 'key', id: 'k1', address: '10.0.0.7', requestId: 'r1' };

let app: RunsApp;
let audit: AuditLog;
let prisma: PrismaService;
beforeAll(async () => {
  app = await RunsApp.start(11);
  prisma = app.app.get(PrismaService, { strict: false });
  audit = new AuditLog(new AuditRepository(prisma));
});
afterAll(async () => {
  await app.stop();
});

const entriesOf = async (resource: string) => (await audit.list({ resource, limit: 100 })).entries.toReversed();

describe('the audit', () => {
  it('names who created, cancelled and deleted a run, in the statement that did it', async () => {
    const run = await actAs(KEY, async () => await app.create());
    await actAs({ ...KEY, id: 'k2', requestId: 'r2' }, async () => {
      await app.runs.cancel(run.owner, run.id);
      await app.runs.purge(run.owner, run.id);
      await app.runs.purge(run.owner, run.id).catch(() => undefined);
    });
    const entries = await entriesOf(run.id);
    expect(entries.map(({ action, actor }) => [action, actor.id, actor.requestId])).toEqual([
      ['report.create', 'k1', 'r1'],
      ['report.cancel', 'k2', 'r2'],
      ['report.delete', 'k2', 'r2'],
    ]);
    expect(entries[0]).toMatchObject({ owner: run.owner, actor: KEY, detail: { name: run.name } });
  });

  it('says nothing of what another transaction takes back', async () => {
    const entry = { owner: 'o', action: AuditAction.DatasetDelete, resource: 'taken-back' };
    const given = prisma.$transaction(async (tx) => {
      await audit.append(tx, entry);
      throw new Error('taken back');
    });
    await expect(given).rejects.toThrow('taken back');
    expect(await entriesOf('taken-back')).toEqual([]);
  });

  it('is written in the name of the service where nobody asked', async () => {
    await audit.append(prisma, { owner: 'o', action: AuditAction.DefinitionChange, resource: 'by-itself' });
    expect((await entriesOf('by-itself'))[0]?.actor).toEqual({
      type: 'system',
      id: null,
      address: null,
      requestId: null,
    });
  });

  it.each(['UPDATE audit_entries SET owner = $$mine$$', 'DELETE FROM audit_entries', 'TRUNCATE audit_entries'])(
    'refuses %s',
    async (statement) => {
      await expect(app.sql.query(statement)).rejects.toThrow('append-only');
    },
  );

  it('is listed in pages, newest first', async () => {
    for (const detail of [{ n: 1 }, { n: 2 }, { n: 3 }]) {
      await audit.append(prisma, { owner: 'paged', action: AuditAction.KeyCreate, resource: 'k', detail });
    }
    const first = await audit.list({ owner: 'paged', limit: 2 });
    expect(first.entries.map(({ detail }) => detail)).toEqual([{ n: 3 }, { n: 2 }]);
    const second = await audit.list({ owner: 'paged', limit: 2, before: first.next ?? undefined });
    expect(second.entries.map(({ detail }) => detail)).toEqual([{ n: 1 }]);
    expect(second.next).toBeNull();
  });
});
