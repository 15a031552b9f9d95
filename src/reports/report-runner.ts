import { Injectable } from '@nestjs/common';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, ErrorCode } from '../common/errors.js';
import { DatasetFiles } from '../datasets/dataset-files.js';
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
    const session = await this.engine.open({ directory, timeZone: run.timeZone, signal, distrusted, owner: run.owner });
    try {
      context.progress(RunPhase.Query, { percent: 0 });
      const rows =
        definition.sql === null
          ? await this.generate(context, session, definition)
          : await this.query(context, session, { ...definition, sql: definition.sql });
      return await this.writer.write(context, session, { rows });
    } finally {
      await session.close();
    }
  }

  private async query(
    { run, directory, signal, progress }: RunContext,
    session: QuerySession,
    definition: Definition & { sql: string },
  ): Promise<number> {
    for (const input of run.inputs) {
      const file = await this.datasets.bring(input, directory, signal);
      const expected = definition.datasets.find(({ name }) => name === input.name)?.columns;
      await session.relate(input.name, file, expected);
    }
    return await session.materialize(definition.sql, join(directory, RESULT_FILE), {
      // Parameters were validated when the run was created; the row is ours.
      parameters: bindParameters(definition, run.parameters as ParameterValues),
      onProgress: (detail) => {
        progress(RunPhase.Query, detail);
      },
    });
  }

  private async generate(context: RunContext, session: QuerySession, definition: Definition): Promise<number> {
    const report = this.catalogue.codeReport(definition);
    if (!report) throw new CodeMissing(definition);
    const { directory, run, signal } = context;
    const file = join(directory, 'generated.ndjson');
    // As above: validated at creation.
    const rows = report.generate(run.parameters as ParameterValues, { signal });
    await pipeline(Readable.from(toLines(rows)), createWriteStream(file), { signal });
    const columns = definition.columns.map(({ name, type }) => `${quoteName(name)}: ${quoteText(type)}`).join(', ');
    const [written] = await session.query(
      `COPY (SELECT * FROM read_json(${quoteText(file)}, format = 'newline_delimited', columns = {${columns}}))
       TO ${quoteText(join(directory, RESULT_FILE))} (FORMAT parquet)`,
    );
    return Number(written?.['Count']);
  }
}

async function* toLines(rows: ReturnType<CodeReport['generate']>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}
