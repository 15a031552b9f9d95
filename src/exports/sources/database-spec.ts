import { z } from 'zod';

/** What one SELECT gives in a database of its own. */
export const databaseSpec = z
  .strictObject({
    type: z.literal('database'),
    connection: z.string().min(1).optional().meta({
      description: 'Name of a configured connection that the owner may use (EXPORT_DATABASES).',
      example: 'warehouse',
    }),
    url: z.string().min(1).optional().meta({
      description: 'URL of the database instead, where the operator allows it (EXPORT_ALLOW_DB_URL).',
    }),
    query: z.string().min(1).max(100_000).meta({ description: 'One SELECT in the SQL of that database.' }),
  })
  .meta({ id: 'DatabaseSource' });
export type DatabaseSpec = z.infer<typeof databaseSpec>;
