import { z } from 'zod';

export const RENDERS_QUEUE = 'renders';

/** Payload of a render's job: ids only. */
export const renderJobSchema = z.object({ artifactId: z.uuid() });
export type RenderJob = z.infer<typeof renderJobSchema>;
