import { Module } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LoggerModule } from 'nestjs-pino';
import { Config } from '../../config/config.js';

/** JSON lines to standard output, one per request; a request id that is taken over or made, and always answered. */
@Module({
  imports: [
    LoggerModule.forRootAsync({
      inject: [Config],
      useFactory: ({ log }: Config) => ({
        pinoHttp: {
          level: log.level,
          // Set by the first middleware of all.
          genReqId: (request: IncomingMessage) => request.id,
          redact: ['req.headers.authorization', 'req.headers["x-api-key"]', 'req.headers.cookie'],
          serializers: {
            // Without the query: links to files carry their signature there.
            req: ({ id, method, url }: { id: string; method: string; url: string }) => ({
              id,
              method,
              path: url.split('?', 1)[0],
            }),
            res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
          },
          // Probes come every few seconds and say nothing while all is well.
          autoLogging: { ignore: (request: IncomingMessage) => request.url?.startsWith('/health') ?? false },
          customLogLevel: (_: IncomingMessage, response: ServerResponse, error?: Error) =>
            (error ?? response.statusCode >= 500) ? 'error' : 'info',
        },
      }),
    }),
  ],
})
export class LoggingModule {}
