import { Module } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LoggerModule } from 'nestjs-pino';
import { Config } from '../../config/config.js';

const REQUEST_ID = 'x-request-id';
/** What a caller may choose as request id: it goes into logs and headers as it is. */
const SAFE_ID = /^[\w.:-]{1,128}$/;

/** JSON lines to standard output, one per request; a request id that is taken over or made, and always answered. */
@Module({
  imports: [
    LoggerModule.forRootAsync({
      inject: [Config],
      useFactory: ({ log }: Config) => ({
        pinoHttp: {
          level: log.level,
          ...(log.pretty && { transport: { target: 'pino-pretty', options: { singleLine: true } } }),
          genReqId: (request: IncomingMessage, response: ServerResponse) => {
            const given = request.headers[REQUEST_ID];
            const id = typeof given === 'string' && SAFE_ID.test(given) ? given : randomUUID();
            response.setHeader('X-Request-Id', id);
            return id;
          },
          redact: ['req.headers.authorization', 'req.headers["x-api-key"]', 'req.headers.cookie'],
          serializers: {
            req: ({ id, method, url }: { id: string; method: string; url: string }) => ({ id, method, url }),
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
