import { z } from 'zod';
import { shapeSpec } from './shape/shape-spec.js';
import { databaseSpec } from './sources/database-spec.js';
import { datasetSpec } from './sources/dataset-spec.js';
import { httpSpec } from './sources/http-spec.js';
import { reportSpec } from './sources/report-spec.js';

/** Where the rows come from; `type` says which shape it has. */
export const sourceSpec = z.discriminatedUnion('type', [httpSpec, reportSpec, datasetSpec, databaseSpec]);
export type SourceSpec = z.infer<typeof sourceSpec>;
export type SourceType = SourceSpec['type'];
export const SOURCE_TYPES = ['http', 'report', 'dataset', 'database'] as const satisfies readonly SourceType[];

/** What decides the rows of an export, as a request gives it and as `parameters` of its run keep it. */
export const exportSpec = z.strictObject({ source: sourceSpec, ...shapeSpec.shape });
export type ExportSpec = z.infer<typeof exportSpec>;
