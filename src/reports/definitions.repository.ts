import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { AuditAction } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import { Prisma } from '../platform/prisma/generated/client.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { parseDefinition, type Definition } from './definition.js';

/** Owner of what ships with the service: visible to all, changeable by none. */
const SHIPPED_OWNER = '';
const CACHE_SIZE = 500;
const UNIQUE_VIOLATION = 'P2002';

const columns = { body: true } satisfies Prisma.DefinitionSelect;

/** Versions of definitions. A version never changes; a new content is a new version. */
@Injectable()
export class DefinitionsRepository {
  private readonly known = new Map<string, Definition>();

  constructor(
    private readonly prisma: PrismaService,
    private readonly audit: AuditLog,
  ) {}

  /** The newest version under a name, as an owner sees it. */
  async latest(owner: string, name: string): Promise<Definition | null> {
    const row = await this.prisma.definition.findFirst({
      where: { owner: { in: [owner, SHIPPED_OWNER] }, name, deletedAt: null },
      orderBy: { version: 'desc' },
      select: { id: true },
    });
    return row && (await this.load(row.id));
  }

  /** One version, also of a definition that was deleted since: runs go on to need it. */
  async version(owner: string, name: string, version: number): Promise<Definition | null> {
    const row = await this.prisma.definition.findFirst({
      where: { owner: { in: [owner, SHIPPED_OWNER] }, name, version },
      select: columns,
    });
    return row && toDefinition(row);
  }

  /** The newest version of every definition, by name. */
  async list(owner: string): Promise<Definition[]> {
    const rows = await this.prisma.definition.findMany({
      where: { owner: { in: [owner, SHIPPED_OWNER] }, deletedAt: null },
      distinct: ['name'],
      orderBy: [{ name: 'asc' }, { version: 'desc' }],
      select: columns,
    });
    return rows.map(toDefinition);
  }

  /**
   * Stores the next version of an owner's definition. Null if that very version was stored meanwhile: look again.
   * Versions go on after a deletion, so that a number never means two contents.
   */
  async add(owner: string, definition: Definition): Promise<Definition | null> {
    const newest = await this.prisma.definition.findFirst({
      where: { owner, name: definition.name },
      orderBy: { version: 'desc' },
      select: { version: true },
    });
    const next = { ...definition, version: (newest?.version ?? 0) + 1 };
    const isNew = newest === null;
    const action = isNew ? AuditAction.DefinitionCreate : AuditAction.DefinitionChange;
    return (await this.insert(owner, next, action)) ? next : null;
  }

  async remove(owner: string, name: string): Promise<boolean> {
    return await this.prisma.$transaction(async (tx) => {
      const { count } = await tx.definition.updateMany({
        where: { owner, name, deletedAt: null },
        data: { deletedAt: new Date() },
      });
      if (count === 0) return false;
      await this.audit.append(tx, { owner, action: AuditAction.DefinitionDelete, resource: name });
      return true;
    });
  }

  /** Makes the shipped definitions known. Returns the ones whose version is known with another content. */
  async synchronise(definitions: readonly Definition[]): Promise<Definition[]> {
    const changed: Definition[] = [];
    for (const definition of definitions) {
      if (await this.insert(SHIPPED_OWNER, definition)) continue;
      const { name, version } = definition;
      const known = await this.prisma.definition.update({
        where: { owner_name_version: { owner: SHIPPED_OWNER, name, version } },
        data: { deletedAt: null },
        select: { hash: true },
      });
      if (known.hash !== hashOf(definition)) changed.push(definition);
    }
    await this.prisma.definition.updateMany({
      where: { owner: SHIPPED_OWNER, name: { notIn: definitions.map(({ name }) => name) }, deletedAt: null },
      data: { deletedAt: new Date() },
    });
    return changed;
  }

  /** A row never changes its content, so each is read and parsed once. */
  private async load(id: string): Promise<Definition | null> {
    const known = this.known.get(id);
    if (known) return known;
    const row = await this.prisma.definition.findUnique({ where: { id }, select: columns });
    if (!row) return null;
    const definition = toDefinition(row);
    const [oldest] = this.known.keys();
    if (this.known.size >= CACHE_SIZE && oldest !== undefined) this.known.delete(oldest);
    this.known.set(id, definition);
    return definition;
  }

  /** False if the version exists already. Without an action nothing is written to the audit. */
  private async insert(owner: string, definition: Definition, action?: AuditAction): Promise<boolean> {
    const { name, version, origin } = definition;
    try {
      await this.prisma.$transaction(async (tx) => {
        await tx.definition.create({
          data: { id: uuidv7(), owner, name, version, origin, hash: hashOf(definition), body: definition },
          select: { id: true },
        });
        if (action) await this.audit.append(tx, { owner, action, resource: name, detail: { version } });
      });
      return true;
    } catch (error) {
      if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === UNIQUE_VIOLATION) return false;
      throw error;
    }
  }
}

const hashOf = (definition: Definition): string =>
  createHash('sha256').update(JSON.stringify(definition)).digest('hex');

const toDefinition = (row: { body: Prisma.JsonValue }): Definition => parseDefinition(row.body);
