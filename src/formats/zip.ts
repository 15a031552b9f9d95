import { copiedBytes } from './copied-bytes.js';
import { csvCopy } from './csv.js';
import { FormatName, type Format } from './format.js';
import { ZipFile } from './zip-file.js';

/** A ZIP archive with one CSV file in it, made without an intermediate file. */
export const zip: Format = {
  name: FormatName.Zip,
  extension: 'zip',
  contentType: 'application/zip',
  async render(job) {
    let rows = 0;
    const counted = async function* (): AsyncGenerator<Buffer> {
      rows = yield* copiedBytes(job, csvCopy(job));
    };
    await ZipFile.write(job.file, job.modified, async (archive) => {
      await archive.add(`${job.baseName}.csv`, counted());
    });
    return { rows, warnings: [] };
  },
};
