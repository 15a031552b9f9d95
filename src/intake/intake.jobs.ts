import { z } from 'zod';

export const INTAKE_QUEUE = 'intake';

/** Payload of a job that says that a group has something to store. The rows are the truth; a sweep finds them too. */
export const intakeJobSchema = z.object({ owner: z.string(), group: z.string() });
export type IntakeJob = z.infer<typeof intakeJobSchema>;
