import type { ColumnKinds } from './value-kinds.js';

/** What a page holds, whatever it is written in. */
export interface PageContent {
  /** Its records: lines of JSON, or CSV without a header. */
  records: Buffer;
  rows: number;
  /** Bytes of the largest record. */
  largest: number;
  columns: ColumnKinds[];
  /** Characters that no UTF-8 has and that were replaced. */
  replaced: number;
  /** The JSON around the records; null when there is none. */
  envelope: Buffer | null;
  /** The names of CSV in their order, and how it is written; null for JSON. */
  header: CsvHeader | null;
}

export interface CsvHeader {
  delimiter: string;
  names: string[];
}
