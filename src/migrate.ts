import { EnvironmentInvalid, parseDatabaseUrl } from './config/environment.js';
import { processEnvironment } from './config/process-environment.js';
import { applyMigrations } from './platform/prisma/migrator.js';

try {
  const applied = await applyMigrations(parseDatabaseUrl(processEnvironment()));
  console.log(applied.length === 0 ? 'No migration was pending.' : `Applied ${applied.join(', ')}.`);
} catch (error) {
  console.error(error instanceof EnvironmentInvalid ? error.message : error);
  process.exitCode = 1;
}
