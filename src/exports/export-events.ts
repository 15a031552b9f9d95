import { Injectable } from '@nestjs/common';
import { validate } from 'uuid';
import type { WebSocket } from 'ws';
import { callerOf } from '../platform/http/caller.js';
import { sendEventsTo, type SocketFeed } from '../platform/http/event-socket.js';
import { lastEventId } from '../platform/http/event-stream.js';
import type { SocketRequest } from '../platform/http/socket-adapter.js';
import { RunNotFound } from '../runs/run-errors.js';
import type { RunEvent } from '../runs/run-events.js';
import { RunKind } from '../runs/run.js';
import { isTerminal } from '../runs/run-state.js';
import { RunsService } from '../runs/runs.service.js';
import { RunWatcher } from '../runs/run-watcher.js';

/** The events of exports over WebSockets: those of `GET /exports/{id}/events`, one JSON message each. */
@Injectable()
export class ExportEvents {
  constructor(
    private readonly runs: RunsService,
    private readonly watcher: RunWatcher,
  ) {}

  /** Sends the export's events until it has ended, the client has gone, or the process stops. Never rejects. */
  async send(socket: WebSocket, request: SocketRequest, id: string): Promise<void> {
    await sendEventsTo(socket, async (gone) => await this.open(request, id, gone));
  }

  private async open(request: SocketRequest, id: string, gone: AbortSignal): Promise<SocketFeed<RunEvent>> {
    if (!validate(id)) throw new RunNotFound(id);
    const run = await this.runs.get(callerOf(request).owner, id, RunKind.Export);
    return {
      events: this.watcher.follow(run, lastEventId(request), gone),
      isLast: ({ data }) => data.terminal,
      isOver: isTerminal(run.status),
    };
  }
}
