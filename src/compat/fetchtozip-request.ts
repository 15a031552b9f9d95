import { ValidationFailed } from '../common/errors.js';
import type { Config } from '../config/config.js';
import type { DraftConfiguration, ExportDraft } from '../exports/drafts/export-draft.js';

const SOURCE_URL_MISSING =
  'no source: configure one with source_url in POST /api/export/configure, or ask the operator for EXPORT_SOURCE_URL';

/** The body of an export that does what the draft asks for. Throws `ValidationFailed` if something is missing. */
export function toExportBody(
  { inputs, configuration }: ExportDraft,
  config: Config['exports'],
): Record<string, unknown> {
  if (!configuration) {
    throw ValidationFailed.at('', 'no configuration: send one with POST /api/export/configure first');
  }
  return {
    name: 'export',
    source: sourceOf(configuration, config.sourceUrl),
    // Of several inputs for one column FetchtoZip took the last.
    columns: [...new Map(inputs.map((input) => [input.column, input])).values()],
    // An input for a column that the source does not have was passed over by FetchtoZip, too.
    missing_columns: 'skip',
    format: configuration.file_type,
  };
}

function sourceOf(configuration: DraftConfiguration, configuredUrl: string | undefined): Record<string, unknown> {
  const { db_url, db_query, source_url, records_path, page_limit, rate_limit } = configuration;
  if (db_url !== null) {
    if (db_query === null) throw ValidationFailed.at('/db_query', 'db_url needs db_query, the SELECT to run there');
    return { type: 'database', url: db_url, query: db_query };
  }
  const url = source_url ?? configuredUrl;
  if (url === undefined) throw ValidationFailed.at('/source_url', SOURCE_URL_MISSING);
  return {
    type: 'http',
    url,
    records_path: records_path ?? '',
    ...(page_limit !== null && { pagination: { type: 'page' }, page_limit }),
    ...(rate_limit !== null && { rate_limit }),
  };
}
