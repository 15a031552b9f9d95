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
    await ZipFile.write(job.file, job.modified, async (archive) => {
      await archive.add(`${job.baseName}.csv`, copiedBytes(job, csvCopy(job)));
    });
    return { warnings: [] };
  },
};
