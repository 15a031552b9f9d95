import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';

const FILE = 'docs/licences.md';

/** What may be passed on in an image under MIT without a condition beyond keeping the notice. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

/** Packages whose package.json says it in an old form that the lock file does not repeat. */
const SAID_ELSEWHERE: Readonly<Record<string, string>> = { busboy: 'MIT', streamsearch: 'MIT' };

const entry = z.object({
  version: z.string().optional(),
  license: z.string().optional(),
  dev: z.boolean().optional(),
  devOptional: z.boolean().optional(),
});
const lockSchema = z.object({ packages: z.record(z.string(), entry) });

/** The packages of the image, by licence: what package-lock.json has beside the packages for development. */
async function readLicences(): Promise<Map<string, string[]>> {
  const lock = lockSchema.parse(JSON.parse(await readFile('package-lock.json', 'utf8')));
  const byLicence = new Map<string, Set<string>>();
  for (const [path, { version, license, dev, devOptional }] of Object.entries(lock.packages)) {
    if (path === '' || dev === true || devOptional === true) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const licence = license ?? SAID_ELSEWHERE[name] ?? 'none';
    byLicence.set(licence, (byLicence.get(licence) ?? new Set()).add(`${name} ${version ?? ''}`));
  }
  return new Map([...byLicence].map(([licence, packages]) => [licence, [...packages].toSorted()]));
}

async function write(byLicence: ReadonlyMap<string, string[]>): Promise<string> {
  const sections = [...byLicence]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([licence, packages]) => `## ${licence}\n\n${packages.map((name) => `\`${name}\``).join(', ')}`);
  const text = [
    '# Licences',
    'The packages of the image and their licences, from package-lock.json. `npm run licences` writes this page; `npm run check` ' +
      'refuses a package with a licence that `scripts/licences.ts` does not list, and a page that is out of date.',
    ...sections,
  ].join('\n\n');
  return await format(text, { ...(await resolveConfig(FILE)), parser: 'markdown' });
}

const byLicence = await readLicences();
const refused = [...byLicence].filter(([licence]) => !ALLOWED.has(licence));
for (const [licence, packages] of refused)
  console.error(`The licence ${licence} is not allowed: ${packages.join(', ')}`);
const page = await write(byLicence);
if (refused.length > 0) {
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  await writeFile(FILE, page);
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== page) {
  console.error(`${FILE} is out of date: npm run licences`);
  process.exitCode = 1;
}
