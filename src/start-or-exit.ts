import { EnvironmentInvalid } from './config/environment.js';

/** Runs the start of a process. What keeps it from starting is said on standard error, and it exits with 1. */
export async function startOrExit(start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    console.error(error instanceof EnvironmentInvalid ? error.message : error);
    process.exit(1);
  }
}
