import { Injectable } from '@nestjs/common';
import type { OutboxSink } from './outbox-event.js';

/** Who is told of events. A sink registers itself in `onModuleInit` of the worker; the dispatcher begins after that. */
@Injectable()
export class OutboxSinks {
  private readonly sinks = new Map<string, OutboxSink>();

  register(sink: OutboxSink): void {
    if (this.sinks.has(sink.name)) throw new TypeError(`there are two sinks with the name ${sink.name}`);
    this.sinks.set(sink.name, sink);
  }

  all(): readonly OutboxSink[] {
    return [...this.sinks.values()];
  }
}
