import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../config/config.js';
import { DatasetNotFound } from '../datasets/dataset.js';
import { DatasetsService } from '../datasets/datasets.service.js';
import { IsolatedQueryEngine, type QueryColumn } from '../platform/query-engine/query-engine.js';
import { quoteName, quoteText } from '../platform/query-engine/statement-text.js';
import type { Definition } from './definition.js';
import { DefinitionInvalid } from './definition-errors.js';
import { bindParameters } from './parameters/parameter-binding.js';

/** Binding needs next to nothing. */
const LIMITS = { memoryMb: 64, threads: 1, spillMb: 1 };

/** Tries a definition without data: parses and binds its SQL against empty tables with the columns of the datasets. */
@Injectable()
export class DefinitionDryRun {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly engine: IsolatedQueryEngine,
    private readonly config: Config,
  ) {}

  /** The columns of the result. Throws `DefinitionInvalid` or `QueryInvalid` with the engine's message and position. */
  async describe(owner: string, definition: Definition): Promise<QueryColumn[]> {
    const { sql } = definition;
    if (sql === null) return definition.columns;
    const directory = join(this.config.scratchDir, 'dry-runs', randomUUID());
    await mkdir(directory, { recursive: true });
    try {
      const session = await this.engine.open({ directory, limits: LIMITS });
      try {
        for (const [index, use] of definition.datasets.entries()) {
          const columns = await this.columnsOf(owner, use.name, index);
          const file = join(directory, `${use.name}.parquet`);
          const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteName(name)}`);
          await session.query(`COPY (SELECT ${nulls.join(', ')} LIMIT 0) TO ${quoteText(file)} (FORMAT parquet)`);
          await session.relate(use.name, file, use.columns);
        }
        return await session.describe(sql, bindParameters(definition, {}));
      } finally {
        await session.close();
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
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
