import { text } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';

/** Text of each file in an archive; yauzl checks sizes and checksums. */
export async function unzip(archive: Buffer): Promise<Record<string, string>> {
  const zip = await fromBufferPromise(archive);
  const files: Record<string, string> = {};
  for await (const entry of zip.eachEntry()) files[entry.fileName] = await text(await zip.openReadStreamPromise(entry));
  return files;
}
