import type { ParameterValues } from './parameters/parameter-validation.js';

/** A row of a code report: column name to value. All rows have the columns that the definition declares. */
export type ReportRow = Readonly<Record<string, unknown>>;

export interface CodeReportContext {
  /** Aborts when the run is cancelled or past its deadline: stop producing rows. */
  signal: AbortSignal;
}

/** A report that SQL cannot say, as a class with `@Report({...})`. */
export abstract class CodeReport {
  /** The rows, in their order. `parameters` are valid by the definition's schema. */
  abstract generate(
    parameters: ParameterValues,
    context: CodeReportContext,
  ): AsyncIterable<ReportRow> | Iterable<ReportRow>;
}
