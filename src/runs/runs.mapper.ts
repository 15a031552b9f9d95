import { z } from 'zod';
import { ErrorCode } from '../common/errors.js';
import { JsonForm } from '../common/table-column.js';
import type { Prisma } from '../platform/prisma/generated/client.js';
import { RunPhase, type Manifest, type Run, type RunError, type RunInput, type RunProgress } from './run.js';

/** The columns that make a domain run. */
export const runColumns = {
  id: true,
  owner: true,
  kind: true,
  name: true,
  definitionVersion: true,
  status: true,
  revision: true,
  parameters: true,
  format: true,
  formatOptions: true,
  timeZone: true,
  inputs: true,
  attempt: true,
  failures: true,
  timeoutSeconds: true,
  deadlineAt: true,
  progress: true,
  error: true,
  manifest: true,
  totalRows: true,
  requestId: true,
  callbackUrl: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
  expiresAt: true,
} satisfies Prisma.RunSelect;

export type RunRow = Prisma.RunGetPayload<{ select: typeof runColumns }>;

const parametersSchema = z.record(z.string(), z.unknown());
const progressSchema: z.ZodType<RunProgress> = z.object({
  phase: z.enum(Object.values(RunPhase)),
  percent: z.number().nullable(),
  rows: z.number().nullable(),
  pages: z.number().nullable(),
  // Rows that an earlier version wrote lack what it did not know.
  bytes: z.number().nullable().default(null),
  rate: z.number().nullable().default(null),
  etaSeconds: z.number().nullable(),
});
const errorSchema: z.ZodType<RunError> = z.object({
  code: z.enum(Object.values(ErrorCode)),
  detail: z.string(),
  attempt: z.number(),
});
const inputsSchema: z.ZodType<RunInput[]> = z.array(
  z.object({ name: z.string(), version: z.number(), id: z.string() }),
);
const manifestSchema: z.ZodType<Manifest> = z.object({
  rows: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  key: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string(), json: z.enum(Object.values(JsonForm)) })),
  definition: z.object({ name: z.string(), version: z.number() }),
  datasets: z.array(z.object({ name: z.string(), version: z.number() })),
  parameters: parametersSchema,
  asOf: z.string(),
  engine: z.string(),
  warnings: z.array(z.string()),
  source: parametersSchema.nullable().default(null),
});

/** Makes a domain run of a row; JSON columns are parsed, never trusted. */
export function toRun(row: RunRow): Run {
  return {
    ...row,
    parameters: parametersSchema.parse(row.parameters),
    formatOptions: parametersSchema.parse(row.formatOptions ?? {}),
    inputs: inputsSchema.parse(row.inputs),
    progress: progressSchema.nullable().parse(row.progress),
    error: errorSchema.nullable().parse(row.error),
    manifest: manifestSchema.nullable().parse(row.manifest),
    totalRows: row.totalRows === null ? null : Number(row.totalRows),
  };
}
