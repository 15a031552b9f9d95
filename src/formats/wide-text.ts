import { BlockOutput } from './block-output.js';
import { ColumnFiles } from './column-files.js';
import { copiedBytes } from './copied-bytes.js';
import type { Copy, RenderJob, WideCopy } from './format.js';
import { Lines, RecordJoiner } from './joined-records.js';

/** The bytes of a text format, and at last the number of rows: those of one COPY, or of several for a wide table. */
export function textBytes(job: RenderJob, copy: Copy): AsyncGenerator<Buffer, number> {
  return copy.wide === undefined ? copiedBytes(job, copy) : joinedBytes(job, copy.wide);
}

/** The same bytes as those of one COPY, which would not fit into the memory of the engine. */
async function* joinedBytes(job: RenderJob, { values, options, frame }: WideCopy): AsyncGenerator<Buffer, number> {
  const files = await ColumnFiles.write(job, values, options);
  try {
    const parts = files.read().map((chunks) => new Lines(chunks, frame.quoted));
    const output = new BlockOutput();
    const joiner = new RecordJoiner(parts, frame, output);
    try {
      yield Buffer.from(frame.head);
      while (await joiner.next()) yield* output.takeFull();
      yield* output.takeAll();
      yield Buffer.from(frame.tail);
    } finally {
      for (const part of parts) await part.close();
    }
    return joiner.rows;
  } finally {
    await files.remove();
  }
}
