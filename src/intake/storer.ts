import { Injectable, Logger } from '@nestjs/common';
import { AppError, ErrorCode } from '../common/errors.js';
import { backOffMs } from '../common/retry-after.js';
import { Config } from '../config/config.js';
import { asDatabaseAway } from '../platform/prisma/database-errors.js';
import { DocumentStore } from './document-store.js';
import { IntakeState, MessageType, RejectionCode, type Reason } from './intake-message.js';
import { IntakeWorkRepository, type Claim } from './intake-work.repository.js';
import type { GroupKey, Outcome, WaitingMessage } from './intake-work.js';
import { RunStarter } from './run-starter.js';

/** Messages that are in memory at once for each group in work. */
const BATCH = 20;
const MIN_DELAY_MS = 500;
/** What fails so often for no known reason would block its group for ever. */
const MAX_UNEXPLAINED_FAILURES = 10;

/** How a visit of a group ended: nothing is left, or its first message waits for so many milliseconds. */
export type Visit = { waitMs: number } | null;

/** Stores what waits in a group, in order. A message that cannot be stored now keeps the later ones waiting. */
@Injectable()
export class Storer {
  private readonly logger = new Logger(Storer.name);

  constructor(
    private readonly repository: IntakeWorkRepository,
    private readonly documents: DocumentStore,
    private readonly runs: RunStarter,
    private readonly config: Config,
  ) {}

  async visit(group: GroupKey, signal: AbortSignal): Promise<Visit> {
    const { leaseSeconds } = this.config.runs;
    while (!signal.aborted) {
      const claim = await this.repository.claim(group, { limit: BATCH, leaseSeconds });
      if (claim === null) return null;
      const renewing = setInterval(() => {
        this.repository.renew(claim.leaseId, leaseSeconds).catch((error: unknown) => {
          this.logger.warn({ err: error, msg: 'a lease could not be renewed' });
        });
      }, leaseSeconds * 333);
      try {
        const visit = await this.work(claim, signal);
        if (visit !== null) return visit;
      } finally {
        clearInterval(renewing);
      }
    }
    return null;
  }

  /** Null when all of the claim is done or given back. */
  private async work({ leaseId, messages }: Claim, signal: AbortSignal): Promise<Visit> {
    const outcomes: Outcome[] = [];
    const goesOn = (): boolean => !signal.aborted;
    for (const message of messages) {
      if (!goesOn()) break;
      try {
        outcomes.push(await this.handle(message, signal));
      } catch (error) {
        if (goesOn()) return await this.giveUp({ leaseId, outcomes, message, error });
      }
    }
    await this.repository.finish(leaseId, outcomes);
    if (outcomes.length < messages.length) await this.repository.release(leaseId);
    return null;
  }

  private async handle(message: WaitingMessage, signal: AbortSignal): Promise<Outcome> {
    if (message.type !== MessageType.Document) return await this.startRun(message);
    const { bucket, key, body } = message;
    if (bucket === null || key === null) throw new TypeError(`document ${message.id} has no place`);
    await this.documents.put({ bucket, key }, body, signal);
    return { message, state: IntakeState.Stored, runId: null, reason: null };
  }

  private async startRun(message: WaitingMessage): Promise<Outcome> {
    try {
      const runId = await this.runs.start(message);
      return { message, state: IntakeState.Started, runId, reason: null };
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
      const [place] = error.places;
      const detail = [error.message, place?.detail].filter(Boolean).join(' ');
      const pointer = `/body${place?.pointer ?? ''}`;
      return { message, state: IntakeState.Rejected, runId: null, reason: { code: refusalOf(error), detail, pointer } };
    }
  }

  /** What was done before is written down; the message waits, and what comes after it. */
  private async giveUp(failed: {
    leaseId: string;
    outcomes: readonly Outcome[];
    message: WaitingMessage;
    error: unknown;
  }): Promise<Visit> {
    const { leaseId, outcomes, message, error } = failed;
    this.logger.warn({ err: error, msg: `message ${message.id} cannot be stored now; its group waits` });
    const delayMs = Math.ceil(MIN_DELAY_MS + backOffMs(message.failures));
    const reason = reasonOf(error);
    if (reason.code === ErrorCode.InternalError && message.failures >= MAX_UNEXPLAINED_FAILURES) {
      const rejection = { ...reason, code: RejectionCode.NotStorable };
      await this.repository.finish(leaseId, [
        ...outcomes,
        { message, state: IntakeState.Rejected, runId: null, reason: rejection },
      ]);
      await this.repository.release(leaseId);
      return { waitMs: 0 };
    }
    await this.repository.finish(leaseId, outcomes);
    await this.repository.postpone(leaseId, message.id, { reason, delayMs });
    await this.repository.release(leaseId);
    return { waitMs: delayMs };
  }
}

function refusalOf(error: AppError): RejectionCode {
  return error.code === ErrorCode.IdempotencyKeyReused ? RejectionCode.IdConflict : RejectionCode.RunRefused;
}

function reasonOf(error: unknown): Reason {
  const known = error instanceof AppError ? error : asDatabaseAway(error);
  if (known === null)
    return { code: ErrorCode.InternalError, detail: 'Something went wrong inside the service.', pointer: null };
  return { code: known.code, detail: known.message, pointer: null };
}
