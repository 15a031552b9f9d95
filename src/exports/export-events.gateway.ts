import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { Scope } from '../common/scope.js';
import { Needs } from '../platform/http/access.js';
import type { SocketRequest } from '../platform/http/socket-adapter.js';
import { ExportEvents } from './export-events.js';

@Needs(Scope.ReportsRead, Scope.ExportsRun)
@WebSocketGateway({ path: '/api/v1/exports/:id/ws' })
export class ExportEventsGateway implements OnGatewayConnection {
  constructor(private readonly events: ExportEvents) {}

  async handleConnection(socket: WebSocket, request: SocketRequest): Promise<void> {
    await this.events.send(socket, request, request.params['id'] ?? '');
  }
}
