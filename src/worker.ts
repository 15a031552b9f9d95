import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { listen, setupCommon } from './app.setup.js';
import { Config } from './config/config.js';
import { startOrExit } from './start-or-exit.js';
import { WorkerModule } from './worker.module.js';

await startOrExit(async () => {
  const options = { bufferLogs: true, abortOnError: false };
  const app = await NestFactory.create<NestExpressApplication>(WorkerModule, options);
  setupCommon(app);
  const { worker } = app.get(Config);
  await listen(app, worker.port, worker.host);
});
