/** What neither an answer nor a log may have, whatever was sent. Keys: what the request was let in with. */
export function leaksIn(text: string, secrets: readonly string[]): string[] {
  const found = [
    ...secrets.filter((secret) => text.includes(secret)).map(() => 'a secret'),
    ...LEAKS.flatMap(({ what, pattern }) => (text.match(pattern) ?? []).map((match) => `${what}: ${match}`)),
  ];
  return [...new Set(found)];
}

const LEAKS = [
  { what: 'a stack', pattern: /\n?\s+at [\w.<>]+ \(?(?:file:|node:|\/)[^\n]{0,80}/g },
  { what: 'a path', pattern: /(?<![\w.])\/(?:tmp|home|root|usr|var|opt|work)\/[^\s"']{0,60}|node_modules/g },
  { what: 'SQL of ours', pattern: /\b(?:INSERT INTO|DELETE FROM|UPDATE)\s+"?[a-z_.]+"?\s[^\n]{0,60}/g },
  { what: 'an internal of Prisma', pattern: /Prisma[A-Z]\w+|prisma\.\w+\(/g },
  { what: 'a URL with a password', pattern: /\b(?:postgresql|postgres|redis|mysql):\/\/[^\s"']*:[^\s"'@]*@/g },
];
