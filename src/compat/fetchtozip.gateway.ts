import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { Scope } from '../common/scope.js';
import { ExportEvents } from '../exports/export-events.js';
import { Needs } from '../platform/http/access.js';
import type { SocketRequest } from '../platform/http/socket-adapter.js';

/** Progress of a task over a WebSocket, at FetchtoZip's path. */
@Needs(Scope.ReportsRead, Scope.ExportsRun)
@WebSocketGateway({ path: '/api/export/ws/:task_id' })
export class FetchtozipGateway implements OnGatewayConnection {
  constructor(private readonly events: ExportEvents) {}

  async handleConnection(socket: WebSocket, request: SocketRequest): Promise<void> {
    await this.events.send(socket, request, request.params['task_id'] ?? '');
  }
}
