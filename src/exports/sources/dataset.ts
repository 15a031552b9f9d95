import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import { DatasetNotFound } from '../../datasets/dataset.js';
import { DatasetDryRun } from '../../datasets/dataset-dry-run.js';
import { DatasetFiles } from '../../datasets/dataset-files.js';
import { DatasetsService } from '../../datasets/datasets.service.js';
import { ValidationFailed } from '../../common/errors.js';
import type { QueryColumn } from '../../platform/query-engine/query-engine.js';
import { QueryInvalid } from '../../platform/query-engine/query-errors.js';
import { RunPhase, type RunInput } from '../../runs/run.js';
import type { DatasetSpec } from './dataset-spec.js';
import { columnsOf, Source, SOURCE_TABLE, type SourceCheck, type SourceJob, type Staged } from './source.js';

/** What the rows of a query are written to before they are shaped. */
const STAGED_FILE = 'staged.parquet';

/** A dataset as it is, or one SELECT over datasets, in the versions that were the newest when the export was created. */
@Injectable()
export class DatasetSource extends Source<DatasetSpec> {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly files: DatasetFiles,
    private readonly dryRun: DatasetDryRun,
  ) {
    super();
  }

  override async check({ owner, spec }: SourceCheck<DatasetSpec>): Promise<RunInput[]> {
    if (spec.query === undefined && spec.datasets.length > 1) {
      throw ValidationFailed.at('/source/query', 'is needed to read more than one dataset');
    }
    try {
      return await this.datasets.resolve(owner, spec.datasets);
    } catch (error) {
      if (!(error instanceof DatasetNotFound)) throw error;
      throw ValidationFailed.of(
        error.places.map((place) => ({ ...place, pointer: `/source${place.pointer ?? ''}`, detail: error.message })),
      );
    }
  }

  override async describe({ owner, spec }: SourceCheck<DatasetSpec>): Promise<readonly QueryColumn[]> {
    const tables = await Promise.all(
      spec.datasets.map(async (name) => ({
        name,
        columns: (await this.datasets.get(owner, name)).versions[0]?.columns ?? [],
      })),
    );
    if (spec.query === undefined) return tables[0]?.columns ?? [];
    try {
      return await this.dryRun.describe(tables, spec.query);
    } catch (error) {
      if (!(error instanceof QueryInvalid)) throw error;
      const places = error.places.length > 0 ? error.places : [{ detail: error.message }];
      throw ValidationFailed.of(places.map((place) => ({ ...place, pointer: '/source/query' })));
    }
  }

  override async stage({ spec, context, session, bounds }: SourceJob<DatasetSpec>): Promise<Staged> {
    const { directory, signal, run } = context;
    const paths: string[] = [];
    for (const input of run.inputs) paths.push(await this.files.bring(input, directory, signal));
    const facts = { type: spec.type, datasets: run.inputs.map(({ name, version }) => ({ name, version })) };
    if (spec.query === undefined) {
      await session.relate(SOURCE_TABLE, paths[0] ?? '');
      return { columns: await columnsOf(session), rows: null, warnings: [], facts };
    }
    for (const [index, { name }] of run.inputs.entries()) await session.relate(name, paths[index] ?? '');
    // Written down rather than made a view: a query that draws lots gives the same rows to whoever reads them.
    const staged = bounds.watch(join(directory, STAGED_FILE));
    const rows = await session.materialize(spec.query, staged, {
      onProgress: (detail) => {
        context.progress(RunPhase.Query, detail);
      },
    });
    await session.relate(SOURCE_TABLE, staged);
    return { columns: await columnsOf(session), rows, warnings: [], facts };
  }
}
