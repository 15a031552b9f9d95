import { z } from 'zod';

/** The result of a completed report, whose query is not run again. */
export const reportSpec = z
  .strictObject({
    type: z.literal('report'),
    report_id: z.uuid().meta({ description: 'Id of a completed report.' }),
  })
  .meta({ id: 'ReportSource' });
export type ReportSpec = z.infer<typeof reportSpec>;
