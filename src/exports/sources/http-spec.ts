import { z } from 'zod';

const MAX_CONCURRENCY = 16;
/**
 * Requests per second to a host. All exports share the turns of a host, so that one request of a rate that is too low would
 * hold back those of everybody.
 */
export const requestRate = z.number().min(0.01).max(10_000);
const path = z.string().max(500).meta({
  description: 'Place in the page: `data.items`, or a JSON Pointer (`/data/items`). Empty: the whole page.',
  example: 'data.items',
});
const parameter = (fallback: string) =>
  z.string().min(1).max(100).default(fallback).meta({ description: 'Name of the query parameter.' });
const size = {
  size_parameter: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'Query parameter that asks for the size.' }),
  size: z.int().min(1).max(1_000_000).optional().meta({ description: 'Records asked for per page.' }),
};
/** Where a page says how much there is. With it the last page is known; without it the first empty page ends the fetch. */
const total = {
  total_path: path.optional().meta({ description: 'Where a page says how many records there are in all.' }),
  total_pages_path: path.optional().meta({ description: 'Where a page says how many pages there are in all.' }),
};

const pagination = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({
    type: z.literal('page'),
    parameter: parameter('page'),
    start: z.int().min(0).default(1),
    ...size,
    ...total,
  }),
  z.strictObject({
    type: z.literal('offset'),
    parameter: parameter('offset'),
    start: z.int().min(0).default(0),
    size_parameter: z.string().min(1).max(100).default('limit'),
    size: z.int().min(1).max(1_000_000).default(100),
    total_path: total.total_path,
  }),
  z.strictObject({
    type: z.literal('cursor'),
    parameter: parameter('cursor'),
    path: path.default('next_cursor'),
    ...size,
  }),
  z
    .strictObject({ type: z.literal('link'), ...size })
    .meta({ description: 'Header `Link: <url>; rel="next"` (RFC 8288).' }),
  z
    .strictObject({ type: z.literal('next'), path: path.default('next'), ...size })
    .meta({ description: 'URL in the body.' }),
]);
export type Pagination = z.infer<typeof pagination>;

const header = z.union([
  z.string().max(8_000),
  z.strictObject({
    secret: z.string().min(1).meta({
      description: 'Name of a configured secret that the owner may use and the host of `url` may get (EXPORT_SECRETS).',
    }),
  }),
]);

/** Records of a JSON, NDJSON or CSV source over HTTP, page by page. */
export const httpSpec = z
  .strictObject({
    type: z.literal('http'),
    url: z
      .url({ protocol: /^https?$/ })
      .max(4_000)
      .meta({ example: 'https://api.example.com/orders' }),
    format: z.enum(['json', 'ndjson', 'csv']).default('json'),
    records_path: path.default(''),
    headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]{1,100}$/), header).default({}),
    pagination: pagination.default({ type: 'none' }),
    page_limit: z.int().min(1).optional().meta({ description: 'Most pages to fetch. More of them are a warning.' }),
    rate_limit: requestRate.optional().meta({
      description: 'Requests per second to the host, shared by all exports of all workers.',
    }),
    concurrency: z.int().min(1).max(MAX_CONCURRENCY).default(1).meta({
      description: 'Requests at a time, for `page` and `offset`.',
    }),
    timeout_seconds: z.number().positive().max(600).default(30).meta({ description: 'Of one request.' }),
    retries: z.int().min(0).max(20).default(5).meta({ description: 'Of one page: time-outs, 408, 425, 429 and 5xx.' }),
    on_drift: z.enum(['warn', 'fail']).default('warn').meta({
      description: 'When a cursor or a page comes again, the total changes, or a key is there twice.',
    }),
    key: z.string().min(1).optional().meta({ description: 'Field that should be unique.', example: 'id' }),
  })
  .meta({ id: 'HttpSource' });
export type HttpSpec = z.infer<typeof httpSpec>;
