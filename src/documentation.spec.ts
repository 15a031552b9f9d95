import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** What a link with `#` finds: headings, as GitHub names them. */
function anchors(page: string): string[] {
  return Array.from(read(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinks(page: string): string[] {
  const targets = Array.from(read(page).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);
  return targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && !anchors(file).includes(anchor);
  });
}

describe('the documentation', () => {
  it.each(PAGES)('%s links to what is there', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('says what every package is for, and names no other', () => {
    const names = z.record(z.string(), z.string());
    const { dependencies, devDependencies } = z
      .object({ dependencies: names, devDependencies: names })
      .parse(JSON.parse(read('package.json')));
    const [, tables = ''] = read('docs/architecture.md').split('\n## Dependencies\n');
    const [run = '', develop = ''] = tables.split('What builds and tests:');
    const listed = (text: string) => Array.from(text.matchAll(/^\| `([^`]+)` +\| \w/gm), ([, name]) => name);
    expect(listed(run).sort()).toEqual(Object.keys(dependencies).sort());
    expect(listed(develop).sort()).toEqual(Object.keys(devDependencies).sort());
  });

  it('shows every folder of src, and none that is not there', () => {
    const [, picture = ''] = /^src\/\n((?: {2}.*\n)+)/m.exec(read('docs/architecture.md')) ?? [];
    const shown = Array.from(picture.matchAll(/^ {2}([a-z]+)\/ /gm), ([, name]) => name);
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(shown.sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  it('names scripts of package.json only', () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    const named = PAGES.flatMap((page) =>
      Array.from(read(page).matchAll(/npm run ([\w:]+)/g), ([, name = '']) => name),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
