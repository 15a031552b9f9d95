import { z } from 'zod';
import { hasUserInfo } from '../../common/user-info.js';
import { requestRate } from '../sources/http-spec.js';

// FetchtoZip passed over fields that it did not know, and so do these schemas.
/** What becomes of a column: see `columns` of an export. */
export const draftInput = z.object({
  name: z.string().min(1).max(255).meta({ description: 'Name of the column in the file.', example: 'revenue' }),
  column: z
    .union([z.int().min(0), z.string().min(1)])
    .meta({ description: 'Zero-based index of the column in the source, or its name.', example: 3 }),
  change_order: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .meta({ description: 'Zero-based place of the column in the file.', example: 1 }),
});
export type DraftInput = z.infer<typeof draftInput>;

/** Where the rows come from and what they become. */
export const draftConfiguration = z.object({
  file_type: z.enum(['csv', 'json', 'ndjson', 'parquet', 'xlsx', 'zip']).default('csv'),
  tmp_dir: z
    .string()
    .nullable()
    .default(null)
    .meta({ description: 'Taken and ignored: the service chooses where its files are.' }),
  rate_limit: requestRate.nullable().default(null).meta({ description: 'Requests per second.', example: 10 }),
  page_limit: z.int().min(1).nullable().default(null).meta({
    description: 'Most pages to fetch (`?page=1`, 2, ... until one is empty). Without it the URL is fetched once.',
    example: 100,
  }),
  db_url: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .meta({ description: 'Database to read instead, where the operator allows it.' }),
  db_query: z.string().min(1).nullable().default(null).meta({ description: 'The SELECT to run there. New here.' }),
  source_url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => !URL.canParse(text) || !hasUserInfo(new URL(text)), 'must not have a user name or password')
    .nullable()
    .default(null)
    .meta({ description: 'What to fetch; default: the configured URL. New here.' }),
  records_path: z.string().nullable().default(null).meta({ description: 'Where the records are in a page. New here.' }),
});
export type DraftConfiguration = z.infer<typeof draftConfiguration>;

/** What an owner has put together for the next task. */
export interface ExportDraft {
  inputs: DraftInput[];
  configuration: DraftConfiguration | null;
}
