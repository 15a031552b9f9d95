import { Injectable } from '@nestjs/common';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, ErrorCode } from '../common/errors.js';
import { DatasetFiles } from '../datasets/dataset-files.js';
import type { Bounds } from '../limits/bounds.js';
import type { QuerySession } from '../platform/query-engine/query-engine.js';
import { quoteName, quoteText } from '../platform/query-engine/statement-text.js';
import { RESULT_FILE, ResultWriter } from '../results/result-writer.js';
import { RunEngine } from '../results/run-engine.js';
import type { RunContext, RunOutcome } from '../runs/run-context.js';
import { RunPhase } from '../runs/run.js';
import type { CodeReport } from './code-report.js';
import type { Definition } from './definition.js';
import { DefinitionsCatalogue } from './definitions-catalogue.js';
import { DefinitionsService } from './definitions.service.js';
import { bindParameters } from './parameters/parameter-binding.js';
import type { ParameterValues } from './parameters/parameter-validation.js';

/** The run pinned a code definition that this worker's build does not have: another worker may. */
class CodeMissing extends AppError {
  readonly code = ErrorCode.DefinitionNotFound;
  override readonly retryable = true;

  constructor({ name, version }: Definition) {
    super(`No worker has the code of ${name} version ${String(version)}.`);
  }
}

interface ReportJob extends RunContext {
  session: QuerySession;
  bounds: Bounds;
  /** Where the rows go. */
  file: string;
}

/** What a worker does for one attempt at a report: datasets in, rows out. */
@Injectable()
export class ReportRunner {
  constructor(
    private readonly definitions: DefinitionsService,
    private readonly catalogue: DefinitionsCatalogue,
    private readonly datasets: DatasetFiles,
    private readonly engine: RunEngine,
    private readonly writer: ResultWriter,
  ) {}

  async run(context: RunContext): Promise<RunOutcome> {
    const { run, directory, signal } = context;
    const definition = await this.definitions.getVersion(run.owner, run.name, run.definitionVersion);
    const distrusted = definition.origin === 'stored' || run.failures > 0;
    const options = { directory, timeZone: run.timeZone, signal, distrusted, owner: run.owner };
    return await this.engine.use(options, async (session, bounds) => {
      context.progress(RunPhase.Query, { percent: 0 });
      const job = { ...context, session, bounds, file: bounds.watch(join(directory, RESULT_FILE)) };
      const rows =
        definition.sql === null
          ? await this.generate(job, definition)
          : await this.query(job, { ...definition, sql: definition.sql });
      return await this.writer.write(context, session, { rows, bounds });
    });
  }

  private async query(
    { run, directory, progress, session, bounds, file }: ReportJob,
    definition: Definition & { sql: string },
  ): Promise<number> {
    for (const input of run.inputs) {
      const dataset = await this.datasets.bring(input, directory, bounds.signal);
      const expected = definition.datasets.find(({ name }) => name === input.name)?.columns;
      await session.relate(input.name, dataset, expected);
    }
    return await session.materialize(definition.sql, file, {
      // Parameters were validated when the run was created; the row is ours.
      parameters: bindParameters(definition, run.parameters as ParameterValues),
      onProgress: (detail) => {
        progress(RunPhase.Query, detail);
      },
    });
  }

  private async generate(job: ReportJob, definition: Definition): Promise<number> {
    const report = this.catalogue.codeReport(definition);
    if (!report) throw new CodeMissing(definition);
    const { directory, run, session, bounds, file } = job;
    const { signal } = bounds;
    const generated = bounds.watch(join(directory, 'generated.ndjson'));
    // As above: validated at creation.
    const rows = report.generate(run.parameters as ParameterValues, { signal });
    await pipeline(Readable.from(toLines(rows, bounds)), createWriteStream(generated), { signal });
    const columns = definition.columns.map(({ name, type }) => `${quoteName(name)}: ${quoteText(type)}`).join(', ');
    const [written] = await session.query(
      `COPY (SELECT * FROM read_json(${quoteText(generated)}, format = 'newline_delimited', columns = {${columns}}))
       TO ${quoteText(file)} (FORMAT parquet)`,
    );
    return Number(written?.['Count']);
  }
}

async function* toLines(rows: ReturnType<CodeReport['generate']>, bounds: Bounds): AsyncGenerator<string> {
  let count = 0;
  for await (const row of rows) {
    count += 1;
    bounds.requireRows(count);
    yield `${JSON.stringify(row)}\n`;
  }
}
