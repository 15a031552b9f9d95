import { z } from 'zod';

/** A dataset in its current version, or what one SELECT makes of one or several. */
export const datasetSpec = z
  .strictObject({
    type: z.literal('dataset'),
    datasets: z
      .union([
        z
          .string()
          .min(1)
          .transform((name) => [name]),
        z.array(z.string().min(1)).min(1).max(20),
      ])
      .meta({ description: 'Name of a dataset, or names of those that the query reads.', example: 'movies' }),
    query: z
      .string()
      .min(1)
      .max(100_000)
      .optional()
      .meta({ description: 'One SELECT over the datasets (DuckDB SQL). Without it: all rows of the one dataset.' }),
  })
  .meta({ id: 'DatasetSource' });
export type DatasetSpec = z.infer<typeof datasetSpec>;
