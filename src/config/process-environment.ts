import { existsSync } from 'node:fs';

/** The environment of this process; a `.env` file in the working folder fills what it leaves out. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}
