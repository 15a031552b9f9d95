import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import express from 'express';
import helmet from 'helmet';
import { Logger } from 'nestjs-pino';
import { ErrorCode } from './common/errors.js';
import type { Config } from './config/config.js';
import { describeExports } from './exports/exports.openapi.js';
import { HealthService } from './health/health.service.js';
import { Authenticator, BEARER_SCHEME, KEY_SCHEME } from './platform/http/access.js';
import { onlyDocumentedMethods } from './platform/http/allowed-methods.js';
import { bodyWithin } from './platform/http/body-time.js';
import { onlyLoopbackHost } from './platform/http/loopback-host.js';
import { PROBLEM_EXAMPLES } from './platform/http/api-problems.js';
import { NOTHING_HERE, PROBLEM_JSON, problemOf } from './platform/http/problem.js';
import { ProblemFilter } from './platform/http/problem.filter.js';
import { asDatabaseAway } from './platform/prisma/database-errors.js';
import { jsonWithBytes } from './platform/http/raw-body.js';
import { SocketAdapter } from './platform/http/socket-adapter.js';
import { checkInput } from './platform/http/request-input.js';
import { requestId } from './platform/http/request-id.js';
import { cutStalledUploads } from './platform/http/stalled-upload.js';
import { validationPipe } from './platform/http/validation.js';
import type { Definition } from './reports/definition.js';
import { countedBy, RequestRates } from './limits/request-rate.js';
import { describeRates } from './limits/limits.openapi.js';
import { describeReports } from './reports/reports.openapi.js';
import { describeSchedules } from './schedules/schedules.openapi.js';

const BASE = 'api/v1';
/** The prefix of all routes but the probes and those of an earlier service whose clients have no prefix. */
export const PREFIX: Parameters<INestApplication['setGlobalPrefix']> = [
  BASE,
  {
    exclude: [
      ...['/', 'health', 'health/*path', 'trigger_reportgen', 'status/:report_id', 'download/:report_id'],
      'api/export/*path',
    ],
  },
];
/** Uploads are streamed by their own route, whatever their content type. */
const UPLOAD = /^\/api\/v1\/datasets\/[^/]+\/content$/;
/** How long a body that is no upload may take to arrive. */
const BODY_MS = 60_000;

/** What both kinds of process share. */
export function setupCommon(app: NestExpressApplication): void {
  app.use(requestId);
  app.useLogger(app.get(Logger));
  app.useGlobalFilters(new ProblemFilter(asDatabaseAway));
  app.disable('x-powered-by');
  // A poll is always answered in full: no 304 for a run that looks the same.
  app.set('etag', false);
  app.setGlobalPrefix(...PREFIX);
  // Otherwise Nest signals itself once more at the end: exit code 143, and as process 1 of a container no end at all.
  app.enableShutdownHooks([], { useProcessExit: true });
}

/** Pipes, filters, limits and OpenAPI of the API process. */
export function setupApi(app: NestExpressApplication, config: Config, definitions: readonly Definition[]): void {
  setupCommon(app);
  const health = app.get(HealthService);
  app.use((_request: express.Request, response: express.Response, next: express.NextFunction) => {
    if (health.isDraining) response.setHeader('Connection', 'close');
    next();
  });
  const docs = `/${BASE}/docs`;
  // Who needs no key must at least be on this machine.
  if (!config.auth.enabled) app.use(onlyLoopbackHost);
  else if (config.auth.docsAuthorized) app.use(docs, onlyLoopbackHost);
  const json = express.json({ limit: config.http.bodyLimitBytes, strict: false });
  app.use(exceptUploads(bodyWithin(BODY_MS)));
  app.use(UPLOAD, cutStalledUploads(config.http.uploadStallSeconds));
  // Messages are stored as they came, byte by byte. The first parser of a body leaves the next one nothing to do.
  app.use(`/${BASE}/intake/messages`, jsonWithBytes(config.http.bodyLimitBytes));
  for (const handler of [json, checkInput]) app.use(exceptUploads(handler));
  // Swagger UI brings its own inline script and style.
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: { 'script-src': ["'self'", "'unsafe-inline'"], 'upgrade-insecure-requests': null },
      },
    }),
  );
  if (config.http.corsOrigins.length > 0) app.enableCors({ origin: [...config.http.corsOrigins] });
  app.useWebSocketAdapter(
    new SocketAdapter(app, {
      origins: config.http.corsOrigins,
      authenticator: countedBy(app.get(RequestRates), app.get(Authenticator)),
      onlyLoopback: !config.auth.enabled,
    }),
  );
  app.useGlobalPipes(validationPipe);
  // Made anew when somebody asks for it: kept, it is the largest thing in the memory of an idle process.
  const describe = (): OpenAPIObject => buildOpenApi(app, config.version, definitions);
  app.use(onlyDocumentedMethods(describe()));
  SwaggerModule.setup(docs, app, describe, {
    jsonDocumentUrl: `${BASE}/openapi.json`,
    yamlDocumentUrl: `${BASE}/openapi.yaml`,
    customSiteTitle: 'Longhaul API',
    swaggerOptions: {
      ...{ displayRequestDuration: true, tryItOutEnabled: true, persistAuthorization: true },
      ...authorized(config),
    },
  });
}

const exceptUploads =
  (handler: express.RequestHandler): express.RequestHandler =>
  (request, response, next) => {
    if (UPLOAD.test(request.path)) next();
    else void handler(request, response, next);
  };

/** Swagger UI with the bootstrap key filled in, so that "Try it out" works at once. */
function authorized({ auth }: Config): { authAction?: unknown } {
  if (!auth.docsAuthorized || auth.bootstrapKey === undefined) return {};
  const schema = { type: 'apiKey', in: 'header', name: 'X-API-Key' };
  return { authAction: { [KEY_SCHEME]: { name: KEY_SCHEME, schema, value: auth.bootstrapKey } } };
}

/** Listens. Paths outside the prefix that nothing serves are answered as a problem too. */
export async function listen(app: NestExpressApplication, port: number, host: string): Promise<void> {
  await app.init();
  app.use((request: express.Request & { id: string }, response: express.Response) => {
    const problem = problemOf(ErrorCode.NotFound, NOTHING_HERE, { requestId: request.id });
    response.status(problem.status).type(PROBLEM_JSON).send(JSON.stringify(problem));
  });
  // Large uploads last as long as they last; headers are still awaited for a minute only.
  app.getHttpServer().requestTimeout = 0;
  await app.listen(port, host);
}

/** The OpenAPI document: what the controllers declare, and the parameters of every shipped report. */
export function buildOpenApi(
  app: INestApplication,
  version: string,
  definitions: readonly Definition[],
): OpenAPIObject {
  const options = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Longhaul')
    .setDescription(
      'Reports and exports that outlive the request that asked for them. Post a report, get an id at once, follow it, ' +
        'page through its rows or download the file.',
    )
    .setVersion(version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'An API key, or a token of the configured issuer.' },
      BEARER_SCHEME,
    )
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' }, KEY_SCHEME)
    .addTag('reports', 'Start here: run `store-uptime` with the example as it is, then download its file.')
    .addTag('report definitions', 'What can be run, with which parameters; and definitions of your own.')
    .addTag('exports', 'From a source to a file: a dataset, a report, an HTTP API or a database to any format.')
    .addTag('schedules', 'Reports and exports that the clock starts.')
    .addTag('webhooks', 'Be told of what happened, signed as Standard Webhooks 1.0 has it, instead of asking.')
    .addTag('datasets', 'The tables that reports read.')
    .addTag('intake', 'Messages in, documents in buckets and runs out: the same over HTTP as over a queue.')
    .addTag('keys', 'Who may call, and what each key opens.')
    .addTag('administration', 'Keys, limits and the audit: for operators.')
    .addTag('limits', 'What an owner may use, and what of it is used.')
    .addTag('health', 'Probes, and the state of what the service depends on.')
    .build();
  const document = describeReports(SwaggerModule.createDocument(app, options), definitions);
  document.components = { ...document.components, examples: PROBLEM_EXAMPLES };
  return describeRates(describeSchedules(describeExports(document)));
}
