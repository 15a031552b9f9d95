import { ApiProperty } from '@nestjs/swagger';
import { Nullable } from '../../results/http/run-wire.js';
import { RunKind } from '../../runs/run.js';
import { FiringOutcome, FiringTrigger, MisfirePolicy, OverlapPolicy } from '../schedule.js';

export class ScheduleLinksDto {
  @ApiProperty()
  self!: string;

  @ApiProperty()
  pause!: string;

  @ApiProperty()
  resume!: string;

  @ApiProperty({ description: 'Fires it now.' })
  run!: string;

  @ApiProperty({ description: 'What has become of its occurrences.' })
  firings!: string;
}

/** A report or export that the clock starts. */
export class ScheduleDto {
  @ApiProperty({ format: 'uuid' })
  schedule_id!: string;

  @ApiProperty({ example: 'uptime of yesterday' })
  name!: string;

  @ApiProperty({ example: '0 6 * * 1-5' })
  cron!: string;

  @ApiProperty({ example: 'Europe/Berlin' })
  time_zone!: string;

  @ApiProperty({ enum: Object.values(RunKind) })
  kind!: RunKind;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'As it was given, relative dates included.' })
  body!: Record<string, unknown>;

  @ApiProperty({ enum: Object.values(MisfirePolicy) })
  misfire!: MisfirePolicy;

  @ApiProperty({ enum: Object.values(OverlapPolicy) })
  overlap!: OverlapPolicy;

  @ApiProperty()
  enabled!: boolean;

  @Nullable('Why the service has paused it by itself: its definition is gone.')
  paused_reason!: string | null;

  @Nullable('The occurrence that fires next; null while it is paused.', 'string', 'date-time')
  next_at!: string | null;

  @ApiProperty({ type: [String], description: 'The next five, `next_at` first; none while it is paused.' })
  next_times!: string[];

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ format: 'date-time' })
  updated_at!: string;

  @ApiProperty({ type: () => ScheduleLinksDto })
  links!: ScheduleLinksDto;
}

export class ScheduleListDto {
  @ApiProperty({ type: () => [ScheduleDto] })
  schedules!: ScheduleDto[];

  @Nullable('Where the list goes on; null at its end.')
  next_cursor!: string | null;
}

export class FiringLinksDto {
  @ApiProperty()
  schedule!: string;

  @Nullable('The run that it has started.')
  run!: string | null;
}

/** One occurrence of a schedule and what has become of it. */
export class FiringDto {
  @ApiProperty({ format: 'uuid', description: 'Also the `request_id` of its run.' })
  firing_id!: string;

  @ApiProperty({ format: 'uuid' })
  schedule_id!: string;

  @ApiProperty({
    format: 'date-time',
    description: 'The moment that the schedule names, or that it was fired by hand at.',
  })
  occurrence!: string;

  @ApiProperty({ format: 'date-time' })
  fired_at!: string;

  @ApiProperty({ enum: Object.values(FiringTrigger) })
  trigger!: FiringTrigger;

  @ApiProperty({ enum: Object.values(FiringOutcome), description: '`pending` until its run is there.' })
  outcome!: FiringOutcome;

  @Nullable('The run that it has started.', 'string', 'uuid')
  run_id!: string | null;

  @Nullable('Why there is no run, or what the run makes up for.')
  detail!: string | null;

  @ApiProperty({ type: () => FiringLinksDto })
  links!: FiringLinksDto;
}

export class FiringListDto {
  @ApiProperty({ type: () => [FiringDto] })
  firings!: FiringDto[];

  @Nullable('Where the list goes on; null at its end.')
  next_cursor!: string | null;
}
