import { z } from 'zod';
import type { Prisma } from '../platform/prisma/generated/client.js';
import { SourceFormat, type Dataset, type DatasetVersion } from './dataset.js';

export const versionColumns = {
  id: true,
  version: true,
  rows: true,
  bytes: true,
  sha256: true,
  columns: true,
  sourceFormat: true,
  createdAt: true,
} as const satisfies Prisma.DatasetVersionSelect;

export const datasetColumns = {
  id: true,
  owner: true,
  name: true,
  description: true,
  createdAt: true,
  versions: { select: versionColumns, orderBy: { version: 'desc' } },
} as const satisfies Prisma.DatasetSelect;

const columnsSchema = z.array(z.object({ name: z.string(), type: z.string() }));
const formatSchema = z.enum(SourceFormat);

type VersionRow = Prisma.DatasetVersionGetPayload<{ select: typeof versionColumns }>;
type DatasetRow = Prisma.DatasetGetPayload<{ select: typeof datasetColumns }>;

export function toDataset(row: DatasetRow): Dataset {
  return { ...row, versions: row.versions.map(toVersion) };
}

function toVersion(row: VersionRow): DatasetVersion {
  return { ...row, columns: columnsSchema.parse(row.columns), sourceFormat: formatSchema.parse(row.sourceFormat) };
}
