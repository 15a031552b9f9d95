import { API_PATH } from '../common/api-path.js';
import { RunKind } from '../runs/run.js';
import { CronTimes } from './cron-times.js';
import type { FiringDto, ScheduleDto } from './dto/schedule.dto.js';
import type { ScheduledFiring } from './firings.repository.js';
import type { Schedule } from './schedule.js';

const UPCOMING = 5;

export const schedulePath = (id: string): string => `${API_PATH}/schedules/${id}`;

export function toScheduleDto(schedule: Schedule): ScheduleDto {
  const path = schedulePath(schedule.id);
  return {
    schedule_id: schedule.id,
    name: schedule.name,
    cron: schedule.cron,
    time_zone: schedule.timeZone,
    kind: schedule.kind,
    body: schedule.body,
    misfire: schedule.misfire,
    overlap: schedule.overlap,
    enabled: schedule.enabled,
    paused_reason: schedule.pausedReason,
    next_at: schedule.nextAt?.toISOString() ?? null,
    next_times: upcoming(schedule).map((time) => time.toISOString()),
    created_at: schedule.createdAt.toISOString(),
    updated_at: schedule.updatedAt.toISOString(),
    links: {
      self: path,
      pause: `${path}/pause`,
      resume: `${path}/resume`,
      run: `${path}/run`,
      firings: `${path}/firings`,
    },
  };
}

export function toFiringDto({ schedule, firing }: ScheduledFiring): FiringDto {
  const runs = schedule.kind === RunKind.Report ? 'reports' : 'exports';
  return {
    firing_id: firing.id,
    schedule_id: firing.scheduleId,
    occurrence: firing.occurrence.toISOString(),
    fired_at: firing.firedAt.toISOString(),
    trigger: firing.trigger,
    outcome: firing.outcome,
    run_id: firing.runId,
    detail: firing.detail,
    links: {
      schedule: schedulePath(firing.scheduleId),
      run: firing.runId === null ? null : `${API_PATH}/${runs}/${firing.runId}`,
    },
  };
}

function upcoming({ nextAt, cron, timeZone }: Schedule): Date[] {
  return nextAt === null ? [] : [nextAt, ...CronTimes.of(cron, timeZone).upcoming(nextAt, UPCOMING - 1)];
}
