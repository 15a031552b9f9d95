import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import type { SocketRequest } from '../platform/http/socket-adapter.js';
import { ExportEvents } from './export-events.js';

@WebSocketGateway({ path: '/api/v1/exports/:id/ws' })
export class ExportEventsGateway implements OnGatewayConnection {
  constructor(private readonly events: ExportEvents) {}

  async handleConnection(socket: WebSocket, request: SocketRequest): Promise<void> {
    await this.events.send(socket, request, request.params['id'] ?? '');
  }
}
