import { buildApp } from 'fauxqs';

/** S3 and SQS on one port. */
await buildApp({ logger: false }).listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
