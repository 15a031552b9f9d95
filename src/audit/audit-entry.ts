import type { Actor } from '../common/actor.js';

/** What is kept of who did it. */
export const AuditAction = {
  ReportCreate: 'report.create',
  ReportCancel: 'report.cancel',
  ReportDelete: 'report.delete',
  ReportDownload: 'report.download',
  ExportCreate: 'export.create',
  ExportCancel: 'export.cancel',
  ExportDelete: 'export.delete',
  ExportDownload: 'export.download',
  DatasetCreate: 'dataset.create',
  DatasetUpload: 'dataset.upload',
  DatasetDelete: 'dataset.delete',
  DefinitionCreate: 'definition.create',
  DefinitionChange: 'definition.change',
  DefinitionDelete: 'definition.delete',
  ScheduleCreate: 'schedule.create',
  ScheduleChange: 'schedule.change',
  ScheduleDelete: 'schedule.delete',
  ScheduleRun: 'schedule.run',
  WebhookCreate: 'webhook.create',
  WebhookChange: 'webhook.change',
  WebhookDelete: 'webhook.delete',
  RoutesChange: 'routes.change',
  KeyCreate: 'key.create',
  KeyRotate: 'key.rotate',
  KeyRevoke: 'key.revoke',
  LimitsChange: 'limits.change',
} as const;

export type AuditAction = (typeof AuditAction)[keyof typeof AuditAction];

/** Something that was done. Who did it is the current actor's to say. */
export interface NewAuditEntry {
  /** Whose thing it was done to. */
  owner: string;
  action: AuditAction;
  /** Id of the thing, or its name if it has no id. */
  resource: string;
  /** What tells more; never a secret. */
  detail?: Readonly<Record<string, unknown>>;
}

export interface AuditEntry extends Omit<NewAuditEntry, 'detail'> {
  /** Order of writing. */
  sequence: bigint;
  at: Date;
  actor: Actor;
  detail: Readonly<Record<string, unknown>> | null;
}

/** What to list, newest first: those written before `before`. */
export interface AuditQuery {
  owner?: string | undefined;
  action?: AuditAction | undefined;
  resource?: string | undefined;
  before?: bigint | undefined;
  limit: number;
}
