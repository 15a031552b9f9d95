import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../config/config.js';
import type { CodeReport } from './code-report.js';
import { CODE_REPORTS, definitionOf } from './code-reports.js';
import type { Definition } from './definition.js';
import { parseDefinitionFile } from './definition-file.js';
import { DefinitionsRepository } from './definitions.repository.js';

/** Makes what ships with the service known at start: the files of the catalogue folder and the reports in code. */
@Injectable()
export class DefinitionsCatalogue implements OnApplicationBootstrap {
  constructor(
    private readonly repository: DefinitionsRepository,
    private readonly modules: ModuleRef,
    private readonly config: Config,
  ) {}

  /** A process whose catalogue contradicts what is known does not start: runs pin versions and must be able to trust them. */
  async onApplicationBootstrap(): Promise<void> {
    const changed = await this.repository.synchronise(await readShipped(this.config.catalogueDir));
    if (changed.length === 0) return;
    const list = changed.map(({ name, version }) => `${name} (still version ${String(version)})`).join(', ');
    throw new Error(`Definitions were changed without a new version: ${list}. Raise their version.`);
  }

  /** The class behind a code definition; null if this build does not have that version. */
  codeReport({ name, version }: Definition): CodeReport | null {
    const type = CODE_REPORTS.find((candidate) => {
      const definition = definitionOf(candidate);
      return definition.name === name && definition.version === version;
    });
    return type === undefined ? null : this.modules.get(type);
  }
}

/** Everything that ships: the `<name>.sql` files of a folder, and the reports in code. */
export async function readShipped(directory: string): Promise<Definition[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
  const inFiles = files.map(async (file) => parseDefinitionFile(await readFile(join(directory, file), 'utf8'), file));
  return [...(await Promise.all(inFiles)), ...CODE_REPORTS.map(definitionOf)];
}
