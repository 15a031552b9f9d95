import type { Readable } from 'node:stream';

/** A generated table that a new installation starts with. */
export interface DemoDataset {
  name: string;
  /** Media type of the content, as the API takes it: `text/csv`, `application/x-ndjson` ... */
  contentType: string;
  /** The bytes, from the start, each time it is called. */
  content(): Readable;
}
