import { z } from 'zod';
import { isZoneName } from '../common/zone-name.js';
import { parseBody } from '../platform/http/schema-issues.js';
import { RunKind } from '../runs/run.js';
import { CronTimes } from './cron-times.js';
import { MisfirePolicy, OverlapPolicy, type ScheduleSettings } from './schedule.js';

const cron = z
  .string()
  .min(1)
  .max(200)
  .superRefine((expression, context) => {
    const problem = CronTimes.problemOf(expression);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({
    description:
      'Minute, hour, day of the month, month, weekday; or six fields with seconds first. Names (`MON`), `L`, `#` and `W` are known. ' +
      'A day of the month and a weekday are both days that it fires on.',
    example: '0 6 * * 1-5',
  });
const name = z.string().trim().min(1).max(100).meta({ description: 'Yours, and unique among yours.' });
const timeZone = z
  .string()
  .refine(isZoneName, 'must be a zone by name, for example Asia/Kolkata')
  .meta({ description: 'IANA time zone of the expression and of relative dates.', example: 'Europe/Berlin' });
const kind = z
  .enum(RunKind)
  .meta({ description: 'What `body` is the body of: `POST /reports` or `POST /exports`. Stays as it is.' });
const body = z.record(z.string(), z.unknown()).meta({
  description:
    'What it starts, as it would be posted. Dates may be relative to the occurrence: `now-1d/d`, `now/M`, `now-1M/M+1d` (units ' +
    'y M w d h m s; `/unit` rounds down in `time_zone`). The run shows what they were resolved to.',
});
const misfire = z.enum(MisfirePolicy).meta({
  description: 'When no worker was there in time: note it only, or make up for all that was missed with one run.',
});
const overlap = z.enum(OverlapPolicy).meta({
  description: 'When the last run has not ended: note the occurrence only, or queue its run all the same.',
});
const enabled = z.boolean().meta({ description: 'False: paused.' });

/** Body of `POST /schedules` and `PUT /schedules/{id}`. */
export const scheduleSpec = z.strictObject({
  ...{ name, cron },
  time_zone: timeZone.default('UTC'),
  ...{ kind, body },
  misfire: misfire.default(MisfirePolicy.RunOnce),
  overlap: overlap.default(OverlapPolicy.Skip),
  enabled: enabled.default(true),
});

/** Body of `PATCH /schedules/{id}`: each field replaces the one that is there, `body` as a whole. */
export const schedulePatchSpec = z
  .strictObject({ name, cron, time_zone: timeZone, kind, body, misfire, overlap, enabled })
  .partial();

/** Throws `ValidationFailed` with a pointer for every field that cannot be used; what `body` holds is checked elsewhere. */
export function parseSchedule(given: unknown): ScheduleSettings {
  const { time_zone, ...settings } = parseBody(scheduleSpec, given);
  return { ...settings, timeZone: time_zone };
}

/** The settings with what a patch changes. Throws as `parseSchedule` does. */
export function patchSchedule(settings: ScheduleSettings, given: unknown): ScheduleSettings {
  const patch = parseBody(schedulePatchSpec, given);
  const { timeZone: time_zone } = settings;
  const { name, cron, kind, body, misfire, overlap, enabled } = settings;
  return parseSchedule({ name, cron, time_zone, kind, body, misfire, overlap, enabled, ...patch });
}
