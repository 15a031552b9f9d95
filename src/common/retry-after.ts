/** Milliseconds that `Retry-After` asks to wait, as seconds or as an HTTP date; null if it does not say. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  // A date has letters; `Date` would take other things for one too.
  const date = /[a-z]/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

const BASE_MS = 500;
const CAP_MS = 30_000;

/** Full jitter: any time up to a bound that doubles with each failure, so that those that failed together part. */
export function backOffMs(failures: number, random: () => number = Math.random): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** failures);
}
