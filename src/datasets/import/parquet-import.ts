import { quoteName, quoteText } from '../../platform/query-engine/statement-text.js';
import { DatasetInvalid } from '../dataset.js';
import { checkNames } from './csv-dialect.js';
import { checkOverrides, columnsOf, isAboutData, overrideOf, writeParquet, type ImportJob } from './import-job.js';

/** Writes a Parquet file anew: that reads every page of it, and gives every version the same row groups and compression. */
export async function importParquet(job: ImportJob): Promise<void> {
  const relation = `read_parquet(${quoteText(job.source)})`;
  try {
    const columns = await columnsOf(job.session, relation);
    const names = columns.map(({ name }) => name);
    checkNames(names);
    const { types } = job.options;
    checkOverrides(types, names);
    const casts = columns.map(
      ({ name, type }) => `CAST(${quoteName(name)} AS ${overrideOf(types, name) ?? type}) AS ${quoteName(name)}`,
    );
    const select = Object.keys(types).length === 0 ? '*' : casts.join(', ');
    await writeParquet(job, `SELECT ${select} FROM ${relation}`, columns.length);
  } catch (error) {
    if (!isAboutData(error)) throw error;
    throw new DatasetInvalid(`The Parquet file cannot be read. ${error.message}`, { cause: error });
  }
}
