import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { FormatName, type Format, type InnerFormat, type Rendered, type RenderJob } from './format.js';
import { textBytes } from './wide-text.js';
import { ZipFile } from './zip-file.js';
import { planOf, type ZipPlan } from './zip-plan.js';

const READ_BYTES = 1024 * 1024;

/** A ZIP archive of files of another format, CSV unless told, each with the rows that fit in it and whole by itself. */
export const zipOf = (formats: Readonly<Record<InnerFormat, Format>>): Format => ({
  name: FormatName.Zip,
  extension: 'zip',
  contentType: 'application/zip',
  async render(job) {
    const inner = formats[job.options.innerFormat ?? FormatName.Csv];
    const plan = await planOf(job, job.options.maxRowsPerFile);
    const rendered: Rendered[] = [];
    await ZipFile.write(job.file, job.modified, async (archive) => {
      for (let index = 0; index < plan.files; index += 1) {
        rendered.push(await addFile(archive, inner, await partOf(job, plan, index)));
      }
    });
    return {
      rows: rendered.reduce((sum, { rows }) => sum + rows, 0),
      warnings: [...plan.warnings, ...sumWarnings(rendered.flatMap(({ warnings }) => warnings))],
    };
  },
});

/**
 * The job of one inner file. Its rows are told by their place: the engine finds the row groups that they are in without
 * reading those before, so a file costs the same wherever it is in the table.
 */
async function partOf(job: RenderJob, { files, rowsPerFile }: ZipPlan, index: number): Promise<RenderJob> {
  const { session, onProgress } = job;
  const { gzip: _, ...options } = job.options;
  const whole: RenderJob = { ...job, options, file: `${job.file}.part` };
  if (files === 1) return whole;
  const { kept: __, ...inner } = whole;
  const table = `${job.table}_part`;
  const range = `LIMIT ${String(rowsPerFile)} OFFSET ${String(index * rowsPerFile)}`;
  await session.define(table, `SELECT * FROM ${job.table} ${range}`);
  return {
    ...inner,
    table,
    baseName: `${job.baseName}-${String(index + 1)}`,
    ...(onProgress && {
      onProgress: ({ percent, rows }) => {
        onProgress({ percent: percent === null ? null : (index * 100 + percent) / files, rows });
      },
    }),
  };
}

/** Text goes into the archive while the engine makes it; other files are on disk for a moment. */
async function addFile(archive: ZipFile, format: Format, job: RenderJob): Promise<Rendered> {
  const name = `${job.baseName}.${format.extension}`;
  if (format.copy === undefined) {
    const rendered = await format.render(job);
    await archive.add(name, createReadStream(job.file, { highWaterMark: READ_BYTES }));
    await rm(job.file);
    return rendered;
  }
  const copy = await format.copy(job);
  let rows = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    rows = yield* textBytes(job, copy);
  };
  await archive.add(name, counted());
  return { rows, warnings: copy.warnings ?? [] };
}

const COUNT = /\d[\d,]*/;

/** One warning for all files that have it: the same words with another number of cells. */
function sumWarnings(warnings: readonly string[]): string[] {
  const sums = new Map<string, number>();
  for (const warning of warnings) {
    const count = Number(COUNT.exec(warning)?.[0].replaceAll(',', '') ?? NaN);
    const words = warning.replace(COUNT, '#');
    sums.set(words, (sums.get(words) ?? 0) + count);
  }
  return [...sums].map(([words, count]) => words.replace('#', count.toLocaleString('en')));
}
