import { describe, expect, it } from 'vitest';
import { FORMAT_NAMES } from '../formats/formats.js';
import { EXPORT_EXAMPLES } from './export-examples.js';
import { parseExportRequest } from './export-request.js';
import { SOURCE_TYPES } from './export-spec.js';

describe('the examples of exports', () => {
  const requests = Object.values(EXPORT_EXAMPLES).map(({ value }) => parseExportRequest(value));

  it('show every source and every format', () => {
    expect(new Set(requests.map(({ spec }) => spec.source.type))).toEqual(new Set(SOURCE_TYPES));
    expect(new Set(requests.map(({ format }) => format))).toEqual(new Set(FORMAT_NAMES));
  });
});
