import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { listen, setupApi } from './app.setup.js';
import { Config } from './config/config.js';
import { readShipped } from './reports/definitions-catalogue.js';
import { startOrExit } from './start-or-exit.js';

await startOrExit(async () => {
  const options = { bufferLogs: true, bodyParser: false, abortOnError: false };
  const app = await NestFactory.create<NestExpressApplication>(AppModule, options);
  const config = app.get(Config);
  setupApi(app, config, await readShipped(config.catalogueDir));
  await listen(app, config.http.port, config.http.host);
});
