import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { actAs } from '../common/actor.js';
import { parseExportRequest } from '../exports/export-request.js';
import { ExportsService } from '../exports/exports.service.js';
import { parseReportRequest } from '../reports/report-request.js';
import { ReportsService } from '../reports/reports.service.js';
import { MessageType } from './intake-message.js';
import type { WaitingMessage } from './intake-work.js';

const runMessage = z.object({ id: z.string(), body: z.unknown() });

/** Starts the runs that messages ask for. The message's id is the idempotency key: a repetition finds the same run. */
@Injectable()
export class RunStarter {
  constructor(
    private readonly reports: ReportsService,
    private readonly exports: ExportsService,
  ) {}

  /** Returns the id of the run; throws what a request with this body would be answered with. */
  async start({ owner, type, body }: WaitingMessage): Promise<string> {
    const { id, body: request } = runMessage.parse(JSON.parse(body.toString('utf8')));
    const origin = { owner, requestId: uuidv7(), traceparent: null };
    const actor = { type: 'queue', id, address: null, requestId: origin.requestId } as const;
    const { run } = await actAs(actor, async () =>
      type === MessageType.Report
        ? await this.reports.create(origin, parseReportRequest(request), id)
        : await this.exports.create(origin, parseExportRequest(request), id),
    );
    return run.id;
  }
}
