import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../src/local/free-port.js';
import { newSecret, webhookHeaders } from '../../src/webhooks/signature.js';

const ROOT = join(import.meta.dirname, '../..');
const GUIDE = join(ROOT, 'docs/events.md');

/** What a reader would copy: receivers that verify. */
const LANGUAGES = [
  { language: 'js', command: process.execPath, file: 'receiver.mjs' },
  { language: 'python', command: 'python3', file: 'receiver.py' },
];

const body = Buffer.from(JSON.stringify({ type: 'report.completed', data: { id: 'r1', name: 'Übersicht 📈' } }));

describe.each(LANGUAGES.filter(({ command }) => runs(command)))(
  'the receiver of docs/events.md in $language',
  ({ language, command, file }) => {
    const secret = newSecret();
    let folder: string;
    let url: string;
    let stop: () => Promise<void>;

    beforeAll(async () => {
      const blocks = readFileSync(GUIDE, 'utf8').matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'));
      const script = Array.from(blocks, ([, text]) => text!).find((text) => text.includes('WEBHOOK_SECRET'));
      // Below the project, so that its packages are found.
      folder = await mkdtemp(join(ROOT, 'node_modules/.guide-'));
      await writeFile(join(folder, file), script!);
      const port = await freePort();
      url = `http://127.0.0.1:${String(port)}/`;
      const child = spawn(command, [join(folder, file)], {
        env: { ...process.env, NODE_OPTIONS: '', WEBHOOK_SECRET: secret, PORT: String(port) },
        stdio: 'ignore',
      });
      const exited = once(child, 'exit');
      stop = async () => {
        child.kill('SIGKILL');
        await exited;
        await rm(folder, { recursive: true });
      };
      await vi.waitUntil(async () => (await post({}, Buffer.from(''))) === 400, { timeout: 20_000 });
    });
    afterAll(() => stop());

    async function post(headers: Record<string, string>, content = body): Promise<number | null> {
      const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(content) }).catch(() => null);
      return answer?.status ?? null;
    }

    const signed = (at: Date, ...secrets: string[]) => webhookHeaders({ id: 'e1', at, body }, secrets);

    it('takes what is signed with its secret, be it the first or the second signature', async () => {
      expect(await post(signed(new Date(), secret))).toBe(204);
      expect(await post(signed(new Date(), newSecret(), secret))).toBe(204);
    });

    it('refuses another secret, no signature, a changed byte, and what is old', async () => {
      expect(await post(signed(new Date(), newSecret()))).toBe(400);
      expect(await post(signed(new Date()))).toBe(400);
      const changed = Buffer.from(body);
      changed[body.length - 4]! ^= 1;
      expect(await post(signed(new Date(), secret), changed)).toBe(400);
      expect(await post(signed(new Date(Date.now() - 600_000), secret))).toBe(400);
      expect(await post(signed(new Date(), secret))).toBe(204);
    });
  },
);

function runs(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
