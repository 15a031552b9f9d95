import { Injectable } from '@nestjs/common';
import { DatasetDryRun, type EmptyTable } from '../datasets/dataset-dry-run.js';
import { DatasetNotFound } from '../datasets/dataset.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import type { QueryColumn } from '../platform/query-engine/query-engine.js';
import type { Definition } from './definition.js';
import { DefinitionInvalid } from './definition-errors.js';
import { bindParameters } from './parameters/parameter-binding.js';

/** Tries a definition without data. */
@Injectable()
export class DefinitionDryRun {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly dryRun: DatasetDryRun,
  ) {}

  /** The columns of the result. Throws `DefinitionInvalid` or `QueryInvalid` with the engine's message and position. */
  async describe(owner: string, definition: Definition): Promise<QueryColumn[]> {
    const { sql } = definition;
    if (sql === null) return definition.columns;
    const tables: EmptyTable[] = [];
    for (const [index, { name, columns }] of definition.datasets.entries()) {
      tables.push({ name, columns: await this.columnsOf(owner, name, index), expected: columns });
    }
    return await this.dryRun.describe(tables, sql, bindParameters(definition, {}));
  }

  private async columnsOf(owner: string, name: string, index: number): Promise<readonly QueryColumn[]> {
    try {
      const { versions } = await this.datasets.get(owner, name);
      if (versions[0]) return versions[0].columns;
    } catch (error) {
      if (!(error instanceof DatasetNotFound)) throw error;
    }
    const detail = `there is no dataset ${name} with content; upload it with PUT /api/v1/datasets/${name}/content`;
    throw DefinitionInvalid.inBody([{ pointer: `/datasets/${String(index)}`, detail }]);
  }
}
