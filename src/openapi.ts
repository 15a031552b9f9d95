import { NestFactory } from '@nestjs/core';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppModule } from './app.module.js';
import { buildOpenApi, PREFIX } from './app.setup.js';
import { readShipped } from './reports/definitions-catalogue.js';

/** Writes `openapi.json`, or with `--check` fails if the committed one is not what the code says. Needs no database. */
const root = resolve(import.meta.dirname, '..');
const file = join(root, 'openapi.json');

const app = await NestFactory.create(AppModule, { preview: true, logger: false, abortOnError: false });
app.setGlobalPrefix(...PREFIX);
const document = buildOpenApi(app, '0', await readShipped(join(root, 'catalogue')));
const text = `${JSON.stringify(document, null, 2)}\n`;
if (!process.argv.includes('--check')) {
  await writeFile(file, text);
} else if ((await readFile(file, 'utf8')) !== text) {
  console.error('openapi.json is not what the code says. Run: npm run openapi');
  process.exitCode = 1;
}
