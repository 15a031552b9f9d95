import { z } from 'zod';
import type { ColumnKinds } from './value-kinds.js';

/** Where a page is, in the words of its pagination. */
export const pagePlace = z.union([
  z.object({ page: z.int() }),
  z.object({ offset: z.int() }),
  z.object({ cursor: z.string().nullable() }),
  z.object({ url: z.string() }),
]);
export type PagePlace = z.infer<typeof pagePlace>;

interface KeptColumn {
  name: string;
  kinds: number;
  fields: KeptColumn[];
}
const keptColumn: z.ZodType<KeptColumn> = z.lazy(() =>
  z.object({ name: z.string(), kinds: z.int(), fields: z.array(keptColumn) }),
);

/** What reading a page has shown beside its records. */
export const pageFacts = z.object({
  /** What its records add to the columns of the pages that were kept before it. */
  columns: z.array(keptColumn),
  /** Bytes of its largest record. */
  largest: z.int(),
  /** How many records there are in all, and how many pages, as the page says. */
  total: z.number().nullable(),
  totalPages: z.number().nullable(),
  /** Characters that no UTF-8 has and that were replaced. */
  replaced: z.int(),
  /** The bytes of the object that are this page's; pages that came at the same time share one. Null without records. */
  span: z.object({ start: z.int(), end: z.int() }).nullable(),
  /** Of CSV: the names in its first record, and what stands between values. */
  header: z.object({ delimiter: z.string(), names: z.array(z.string()) }).nullable(),
});
export type PageFacts = z.infer<typeof pageFacts> & { columns: ColumnKinds[] };

/** A page that was fetched and kept: `next` is null after the last one. */
export interface Page {
  /** From 0, in the order of the rows. */
  sequence: number;
  /** Storage key of the object with its records; null when it has none. */
  key: string | null;
  rows: number;
  /** Bytes of its records. */
  bytes: number;
  /** SHA-256 of its records as hex. */
  digest: string;
  next: PagePlace | null;
  facts: PageFacts;
}
