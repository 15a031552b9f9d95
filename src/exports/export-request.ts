import { z } from 'zod';
import { isZoneName } from '../common/zone-name.js';
import { FormatName } from '../formats/format.js';
import { formatOptionsSpec, parseFormatOptions } from '../formats/format-options.js';
import { parseBody } from '../platform/http/schema-issues.js';
import { callbackUrlProblem, MAX_CALLBACK_URL_LENGTH } from '../runs/callback-url.js';
import { exportSpec, type ExportSpec } from './export-spec.js';

const MAX_AGE_LIMIT = 30 * 86_400;
/** What every file system takes; not hidden, and no dot or space at its end. */
const FILE_NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}._ -]{0,98}[\p{L}\p{M}\p{N}_-])?$/u;

/** Body of `POST /exports`: what decides the rows, and how they are handed out. */
export const exportRequestSpec = z.strictObject({
  ...exportSpec.shape,
  name: z
    .string()
    .regex(FILE_NAME, 'must be 1 to 100 letters, digits, spaces or ._-, with a letter, digit or _ at its begin')
    .optional()
    .meta({
      description: 'Base name of the file. Default: name of the dataset or report, else the type of the source.',
    }),
  format: z.enum(FormatName).default(FormatName.Csv).meta({ description: 'Format of the file.' }),
  format_options: formatOptionsSpec.default({}),
  max_age: z.int().min(0).max(MAX_AGE_LIMIT).default(0).meta({
    description: 'Answer with an equal export that is in flight or completed at most so many seconds ago. 0: never.',
  }),
  time_zone: z
    .string()
    .refine(isZoneName, 'must be a zone by name, for example Asia/Kolkata')
    .default('UTC')
    .meta({ description: 'IANA time zone that times without one are understood in.' }),
  timeout_seconds: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Longest time that the export may take, in seconds.' }),
  callback_url: z
    .string()
    .superRefine((url, context) => {
      const message = callbackUrlProblem(url);
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .optional()
    .meta({
      description: 'Is told of the end of the export by POST. An equal export that is answered with keeps its own.',
      format: 'uri',
      maxLength: MAX_CALLBACK_URL_LENGTH,
      example: 'https://example.com/hooks/longhaul',
    }),
});

/** A request for an export, checked as far as its text alone can be. */
export interface ExportRequest {
  name: string | null;
  spec: ExportSpec;
  format: FormatName;
  /** As the request has them: what their format makes of them is decided when a file is rendered. */
  formatOptions: Record<string, unknown>;
  maxAgeSeconds: number;
  timeZone: string;
  timeoutSeconds: number | null;
  callbackUrl: string | null;
}

/** Reads a body. Throws `ValidationFailed` with a pointer for every field that cannot be used. */
export function parseExportRequest(body: unknown): ExportRequest {
  const { name, format, format_options, max_age, time_zone, timeout_seconds, callback_url, ...spec } = parseBody(
    exportRequestSpec,
    body,
  );
  // Also checks what the format has no use for.
  parseFormatOptions(format, format_options);
  return {
    name: name ?? null,
    spec,
    format,
    formatOptions: format_options,
    maxAgeSeconds: max_age,
    timeZone: time_zone,
    timeoutSeconds: timeout_seconds ?? null,
    callbackUrl: callback_url ?? null,
  };
}
