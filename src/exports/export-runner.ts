import { Injectable } from '@nestjs/common';
import { join } from 'node:path';
import type { QueryColumn, QuerySession } from '../platform/query-engine/query-engine.js';
import { quoteName } from '../platform/query-engine/statement-text.js';
import { RowCountMismatch } from '../results/result-errors.js';
import { RESULT_FILE, ResultWriter } from '../results/result-writer.js';
import { RunEngine } from '../results/run-engine.js';
import type { RunContext, RunOutcome } from '../runs/run-context.js';
import { RunPhase } from '../runs/run.js';
import { exportSpec, type ExportSpec } from './export-spec.js';
import type { ShapeSpec } from './shape/shape-spec.js';
import { shapeQuery } from './shape/shape.js';
import { SOURCE_TABLE, type Staged } from './sources/source.js';
import { Sources } from './sources/sources.js';
import { shapeOfNothing } from './unknown-columns.js';

/** What a worker does for one attempt at an export: rows from the source, shaped, into a result and a file. */
@Injectable()
export class ExportRunner {
  constructor(
    private readonly sources: Sources,
    private readonly engine: RunEngine,
    private readonly writer: ResultWriter,
  ) {}

  async run(context: RunContext): Promise<RunOutcome> {
    const { run, directory, signal } = context;
    const spec = exportSpec.parse(run.parameters);
    const distrusted = hasClientSql(spec) || run.failures > 0;
    const options = { directory, timeZone: run.timeZone, signal, distrusted, owner: run.owner };
    return await this.engine.use(options, async (session, bounds) => {
      context.progress(RunPhase.Fetch);
      const staged = await this.sources.of(spec.source).stage({
        spec: spec.source,
        context: { ...context, signal: bounds.signal },
        session,
        bounds,
        nested: spec.nested,
      });
      context.progress(RunPhase.Query, { percent: 0 });
      const file = bounds.watch(join(directory, RESULT_FILE));
      const { rows, warnings } = await shape(context, session, { spec, staged, file });
      return await this.writer.write(context, session, {
        rows,
        bounds,
        warnings: [...staged.warnings, ...warnings],
        source: staged.facts,
      });
    });
  }
}

/** A database runs its own queries. */
const hasClientSql = ({ source }: ExportSpec): boolean => source.type === 'dataset' && source.query !== undefined;

async function shape(
  { progress }: RunContext,
  session: QuerySession,
  { spec, staged, file }: { spec: ExportSpec; staged: Staged; file: string },
): Promise<{ rows: number; warnings: string[] }> {
  const { columns, spec: known } =
    staged.columns.length > 0 ? { columns: staged.columns, spec } : await nothing(session, spec);
  const { sql, parameters, keepsRows, warnings } = shapeQuery(SOURCE_TABLE, columns, known);
  const rows = await session.materialize(sql, file, {
    parameters,
    onProgress: (detail) => {
      progress(RunPhase.Query, detail);
    },
  });
  if (staged.rows !== null) {
    const found = keepsRows ? rows : await countRows(session);
    if (found !== staged.rows) throw new RowCountMismatch('The export', { expected: staged.rows, found });
  }
  return { rows, warnings };
}

/** Makes the relation of a source that had no records. */
async function nothing(session: QuerySession, spec: ExportSpec): Promise<{ columns: QueryColumn[]; spec: ShapeSpec }> {
  const { names, spec: known } = shapeOfNothing(spec);
  const columns = names.map((name) => ({ name, type: 'VARCHAR' }));
  const select = names.map((name) => `CAST(NULL AS VARCHAR) AS ${quoteName(name)}`).join(', ');
  await session.define(SOURCE_TABLE, `SELECT ${select} WHERE false`);
  return { columns, spec: known };
}

async function countRows(session: QuerySession): Promise<number> {
  const [row] = await session.query(`SELECT count(*) AS rows FROM ${SOURCE_TABLE}`);
  return Number(row?.['rows']);
}
