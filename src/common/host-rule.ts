/** A host, or with `isSuffix` all below it; on one port, or by https at its own. */
interface HostRule {
  /** As `new URL()` writes it. */
  readonly host: string;
  readonly isSuffix: boolean;
  readonly port: string | null;
}

const STANDARD_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Whether the text can be a rule: `host`, `host:port`, `*.suffix` or `*.suffix:port`. */
export const isHostRule = (text: string): boolean => parse(text) !== null;

/**
 * Whether one of the rules lets a URL through. One without a port is for https at 443 alone: what goes there is not to be read on
 * the way.
 */
export function allowsUrl(rules: readonly string[], { protocol, hostname, port }: URL): boolean {
  const host = hostname.replace(/\.$/, '');
  const asked = port === '' ? STANDARD_PORTS[protocol] : port;
  return rules.some((text) => {
    const rule = parse(text);
    if (rule === null) return false;
    if (rule.port === null ? protocol !== 'https:' || asked !== '443' : asked !== rule.port) return false;
    return rule.isSuffix ? host.endsWith(`.${rule.host}`) : host === rule.host;
  });
}

function parse(text: string): HostRule | null {
  const [, wild, name, port] = /^(\*\.)?([^\s/?#@:*\\]+|\[[^\]]+\])(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (name === undefined || !URL.canParse(`https://${name}`)) return null;
  const host = new URL(`https://${name}`).hostname.replace(/\.$/, '');
  return { host, isSuffix: wild !== undefined, port: port === undefined ? null : String(Number(port)) };
}
