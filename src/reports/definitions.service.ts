import { Injectable } from '@nestjs/common';
import { AppError, ErrorCode } from '../common/errors.js';
import { DefinitionDryRun } from './definition-dry-run.js';
import type { Definition } from './definition.js';
import { parseDefinitionBody } from './definition-body.js';
import { DefinitionsRepository } from './definitions.repository.js';

/** Somebody else may store a version at the same moment; so often it is tried with the next number. */
const STORE_TRIES = 5;
/** Versions are 32-bit integers in the database. */
const MAX_VERSION = 2 ** 31 - 1;

export class DefinitionNotFound extends AppError {
  readonly code = ErrorCode.DefinitionNotFound;

  constructor(name: string, version?: number, pointer?: string) {
    const what = version === undefined ? name : `${name} version ${String(version)}`;
    const detail = `There is no report definition ${what}. GET /api/v1/report-definitions lists them.`;
    super(detail, pointer === undefined ? {} : { places: [{ pointer, detail }] });
  }
}

class DefinitionExists extends AppError {
  readonly code = ErrorCode.DefinitionExists;

  constructor(name: string) {
    super(
      `The report definition ${name} exists already. PUT /api/v1/report-definitions/${name} makes a new version of it.`,
    );
  }
}

class DefinitionReadOnly extends AppError {
  readonly code = ErrorCode.DefinitionReadOnly;

  constructor(name: string) {
    super(
      `The report definition ${name} ships with the service and cannot be changed. Store yours under another name.`,
    );
  }
}

/** The catalogue as an owner sees it, and the owner's own definitions in it. */
@Injectable()
export class DefinitionsService {
  constructor(
    private readonly repository: DefinitionsRepository,
    private readonly dryRun: DefinitionDryRun,
  ) {}

  async list(owner: string): Promise<Definition[]> {
    return await this.repository.list(owner);
  }

  async get(owner: string, name: string): Promise<Definition> {
    const definition = await this.repository.latest(owner, name);
    if (!definition) throw new DefinitionNotFound(name);
    return definition;
  }

  async getVersion(owner: string, name: string, version: number): Promise<Definition> {
    const isPossible = version >= 1 && version <= MAX_VERSION;
    const definition = isPossible ? await this.repository.version(owner, name, version) : null;
    if (!definition) throw new DefinitionNotFound(name, version);
    return definition;
  }

  /** Stores a new definition after a dry run. Throws `DefinitionExists`, `DefinitionInvalid`, `QueryInvalid`. */
  async create(owner: string, body: unknown): Promise<Definition> {
    const definition = parseDefinitionBody(body);
    if (await this.repository.latest(owner, definition.name)) throw new DefinitionExists(definition.name);
    return await this.store(owner, definition);
  }

  /** Stores the next version of a definition of the owner's, or its first one. */
  async replace(owner: string, name: string, body: unknown): Promise<Definition> {
    const known = await this.repository.latest(owner, name);
    if (known && known.origin !== 'stored') throw new DefinitionReadOnly(name);
    return await this.store(owner, parseDefinitionBody(body, name));
  }

  /** Takes a definition out of the catalogue; runs that pinned it still find it. */
  async remove(owner: string, name: string): Promise<void> {
    const definition = await this.get(owner, name);
    if (definition.origin !== 'stored') throw new DefinitionReadOnly(name);
    await this.repository.remove(owner, name);
  }

  private async store(owner: string, definition: Definition): Promise<Definition> {
    const described = { ...definition, columns: await this.dryRun.describe(owner, definition) };
    for (let tries = 0; tries < STORE_TRIES; tries += 1) {
      const stored = await this.repository.add(owner, described);
      if (stored) return stored;
    }
    throw new Error(`the definition ${definition.name} changed too often to be stored`);
  }
}
