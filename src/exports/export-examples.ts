import { FormatName } from '../formats/format.js';

/** A request that works as it is against `npm start`, as Swagger UI offers it. */
interface ExportExample {
  summary: string;
  value: Record<string, unknown>;
}

const movies = { type: 'dataset', datasets: 'movies' };
const orders = 'http://127.0.0.1:3002/orders';

/** One per source and one per format, the one to try first at the top. */
export const EXPORT_EXAMPLES: Readonly<Record<string, ExportExample>> = {
  xlsx: {
    summary: 'Dataset to XLSX: the 50 best movies, three columns',
    value: {
      source: {
        ...movies,
        query: `SELECT title, TRY_CAST(imdb ->> 'rating' AS DOUBLE) AS rating, year FROM movies`,
      },
      columns: [
        { name: 'Rating', column: 'rating', change_order: 0 },
        { name: 'Title', column: 'title' },
        { name: 'Year', column: 'year' },
      ],
      filter: { Rating: { $gte: 6 } },
      sort: [{ column: 'Rating', direction: 'desc' }, { column: 'Title' }],
      limit: 50,
      name: 'best movies',
      format: FormatName.Xlsx,
    },
  },
  csv: {
    summary: 'Dataset to CSV: comments, for a double click in a European Excel',
    value: {
      source: { type: 'dataset', datasets: 'comments' },
      format: FormatName.Csv,
      format_options: { profile: 'excel-eu' },
    },
  },
  json: {
    summary: 'Dataset to JSON: comments per person',
    value: {
      source: { type: 'dataset', datasets: ['comments'] },
      group_by: ['name'],
      aggregates: [{ name: 'comments', function: 'count' }],
      sort: [{ column: 'comments', direction: 'desc' }, { column: 'name' }],
      limit: 20,
      format: FormatName.Json,
    },
  },
  ndjson: {
    summary: 'Dataset to NDJSON: users',
    value: { source: { type: 'dataset', datasets: 'users' }, format: FormatName.Ndjson },
  },
  parquet: {
    summary: 'Dataset to Parquet: movies and their comments, joined',
    value: {
      source: {
        type: 'dataset',
        datasets: ['movies', 'comments'],
        query: 'SELECT title, count(*) AS comments FROM comments JOIN movies ON movie_id = movies._id GROUP BY title',
      },
      name: 'comments per movie',
      format: FormatName.Parquet,
    },
  },
  zip: {
    summary: 'Dataset to ZIP: movies, a CSV of 200 rows each',
    value: { source: movies, format: FormatName.Zip, format_options: { max_rows_per_file: 200, inner_format: 'csv' } },
  },
  report: {
    summary: 'Report to XLSX: put the id of a completed report in',
    value: { source: { type: 'report', report_id: '01900000-0000-7000-8000-000000000000' }, format: FormatName.Xlsx },
  },
  http: {
    summary: 'HTTP to CSV: the orders of the demo API, page by page',
    value: {
      source: {
        type: 'http',
        url: `${orders}/paged?per_page=500`,
        records_path: 'data',
        pagination: { type: 'page', total_pages_path: 'total_pages' },
        rate_limit: 20,
        concurrency: 4,
      },
      name: 'orders',
      format: FormatName.Csv,
    },
  },
  database: {
    summary: 'Database to CSV: orders of the demo database',
    value: {
      source: { type: 'database', connection: 'demo', query: 'SELECT * FROM orders WHERE amount < 0 ORDER BY id' },
      name: 'refunds',
      format: FormatName.Csv,
    },
  },
};
