const MAX_EXCERPT = 200;
const HIDDEN = '***';
/** Shorter ones would be found in every other word. */
const MIN_SECRET = 4;

/** What may be told of requests and answers: no secret, no user information, no values of a query that are not ours. */
export class PlainWords {
  private readonly secrets: readonly string[];

  constructor(
    secrets: readonly string[],
    /** Query parameters that we set. */
    private readonly shown: ReadonlySet<string>,
  ) {
    // Servers repeat the token without the word before it.
    const parts = secrets.flatMap((secret) => [secret, ...secret.split(/\s+/)]);
    this.secrets = [...new Set(parts)].filter(({ length }) => length >= MIN_SECRET).sort((a, b) => b.length - a.length);
  }

  url(text: string): string {
    if (!URL.canParse(text)) return 'an address that is none';
    const url = new URL(text);
    // Only addresses of the web have an origin; others may be no address at all, but any text.
    if (url.origin === 'null') return `an address that starts with ${url.protocol}`;
    const query = [...url.searchParams].map(([name, value]) => {
      const isShown = this.shown.has(name);
      return `${encodeURIComponent(name)}=${isShown ? encodeURIComponent(value) : HIDDEN}`;
    });
    return this.withoutSecrets(`${url.origin}${url.pathname}${query.length > 0 ? `?${query.join('&')}` : ''}`);
  }

  /** The beginning of an answer on one line. */
  excerpt(body: Buffer): string {
    const text = body
      .toString('utf8', 0, MAX_EXCERPT * 8)
      .replace(/<(?:script|style)[\s\S]*?(?:<\/(?:script|style)>|$)|<[^>]*>/gi, ' ')
      .replace(/[\p{C}\p{Z}\uFFFD]+/gu, ' ')
      .trim();
    const clean = this.withoutSecrets(text);
    return clean.length > MAX_EXCERPT ? `${clean.slice(0, MAX_EXCERPT)}…` : clean;
  }

  private withoutSecrets(text: string): string {
    return this.secrets.reduce((clean, secret) => clean.replaceAll(secret, HIDDEN), text);
  }
}
