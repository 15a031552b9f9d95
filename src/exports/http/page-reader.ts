import type { OutboundResponse } from '../../platform/outbound/outbound-http.js';
import type { HttpSpec } from '../sources/http-spec.js';
import { readCsvPage } from './csv-page.js';
import { readJsonPage, readNdjsonPage } from './json-page.js';
import type { PageContent } from './page-content.js';
import { stepsOf } from './page-path.js';

const NO_CONTENT = 204;

/** What reads the pages of a source. It changes the bytes of the answer and throws `PageUnreadable`. */
export function readerOf(
  { format, records_path: path }: HttpSpec,
  nested: 'json' | 'flatten',
): (answer: OutboundResponse) => PageContent {
  const options = { path: stepsOf(path), flatten: nested === 'flatten' };
  return ({ status, body }) => {
    if (status === NO_CONTENT) return readNdjsonPage(Buffer.alloc(0), options);
    if (format === 'json') return readJsonPage(body, options);
    return format === 'csv' ? readCsvPage(body) : readNdjsonPage(body, options);
  };
}
