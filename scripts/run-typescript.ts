import { resolve } from 'node:path';
import { runnerImport } from 'vite';

// Node runs TypeScript, but not `import './x.js'` of a file named x.ts; Vite, which the tests use, resolves it.
const [, , file, ...rest] = process.argv;
if (file === undefined) throw new Error('Name the script to run.');
process.argv.splice(1, process.argv.length, resolve(file), ...rest);
await runnerImport(resolve(file));
