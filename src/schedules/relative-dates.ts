import { isObject } from '../common/is-object.js';
import type { ParameterSpec } from '../reports/parameters/parameter-spec.js';
import { isDateMath, resolveDateMath } from './date-math.js';
import { wallOf } from './zoned-time.js';

type Body = Readonly<Record<string, unknown>>;

/** The moment that relative dates count from, and the IANA zone that they count in. */
export interface Moment {
  at: Date;
  timeZone: string;
}

/** How a resolved date is written: as an RFC 3339 instant in UTC, or as the day that it is in the zone. */
type Form = 'instant' | 'day';

/**
 * The body of a report with its relative dates resolved. They are looked for where the definition expects a date, and nowhere
 * else: the word "now" in a list of names stays what it is.
 */
export function resolveReportDates(
  body: Body,
  parameters: Readonly<Record<string, ParameterSpec>>,
  moment: Moment,
): Record<string, unknown> {
  const entries = Object.entries(body).map(([name, value]): [string, unknown] => {
    const form = formOf(parameters[name]);
    return [name, form === null ? value : resolveWithin(value, form, moment)];
  });
  return Object.fromEntries(entries);
}

/**
 * The body of an export with its relative dates resolved: in the bounds of its filter, and in the query of the URL of an HTTP
 * source. There a bare `now` stays: it has no type, and may be a word.
 */
export function resolveExportDates(body: Body, moment: Moment): Record<string, unknown> {
  const { filter, source } = body;
  return {
    ...body,
    ...(isObject(filter) && { filter: resolveBounds(filter, moment) }),
    ...(isObject(source) && { source: resolveSource(source, moment) }),
  };
}

/** Null for a parameter that is no date. */
function formOf(spec: ParameterSpec | undefined): Form | null {
  if (spec === undefined) return null;
  if ('x-type' in spec) {
    if (spec.of === 'date-time') return 'instant';
    if (spec.of !== 'date') return null;
    return spec['x-type'] === 'range' ? 'instant' : 'day';
  }
  const scalar = spec.type === 'array' ? spec.items : spec;
  if (scalar.type !== 'string') return null;
  if (scalar.format === 'date-time') return 'instant';
  return scalar.format === 'date' ? 'day' : null;
}

/** A date, a list of dates, or the bounds or lists of a filter. */
function resolveWithin(value: unknown, form: Form, moment: Moment): unknown {
  if (typeof value === 'string') return resolveText(value, form, moment);
  if (Array.isArray(value)) return value.map((item) => resolveWithin(item, form, moment));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolveWithin(inner, form, moment)]));
}

function resolveBounds(filter: Body, moment: Moment): Body {
  const entries = Object.entries(filter).map(([column, condition]): [string, unknown] => {
    if (!isObject(condition) || 'include' in condition || 'exclude' in condition) return [column, condition];
    return [column, resolveWithin(condition, 'instant', moment)];
  });
  return Object.fromEntries(entries);
}

function resolveSource(source: Body, moment: Moment): Body {
  const { type, url } = source;
  if (type !== 'http' || typeof url !== 'string' || !url.includes('?')) return source;
  const [before = '', query = '', fragment] = url.split(/\?([^#]*)/, 3);
  const resolved = query.split('&').map((pair) => resolvePair(pair, moment));
  return { ...source, url: `${before}?${resolved.join('&')}${fragment ?? ''}` };
}

/** Only what changes is written anew: a server may mind how the rest is escaped. */
function resolvePair(pair: string, moment: Moment): string {
  const at = pair.indexOf('=');
  const [[, value = ''] = []] = new URLSearchParams(pair);
  if (at < 0 || value === 'now' || !isDateMath(value)) return pair;
  return `${pair.slice(0, at)}=${encodeURIComponent(resolveText(value, 'instant', moment))}`;
}

/** Text that is no relative date stays, and so does one that leads nowhere: what checks the body then refuses it. */
function resolveText(text: string, form: Form, { at, timeZone }: Moment): string {
  const instant = resolveDateMath(text, at, timeZone);
  if (instant === null) return text;
  if (form === 'day') return new Date(wallOf(instant, timeZone)).toISOString().slice(0, 10);
  return instant.toISOString().replace('.000Z', 'Z');
}
