import { AppError, type ErrorPlace } from '../../common/errors.js';
import { isObject } from '../../common/is-object.js';
import type { QueryLimits } from './query-engine.js';
import { QueryFailed, QueryInvalid, QueryOutOfMemory, QuerySpillLimit, tooManyRows } from './query-errors.js';

/** Where an engine's message has to be translated: the text that a client sent and what surrounds it. */
export interface ErrorContext {
  limits: QueryLimits;
  /** Private folder of the session; never shown. */
  directory: string;
  /** The client's SQL and the bytes that were put before it; absent for statements of ours. */
  source?: { sql: string; prefixBytes: number };
}

interface EngineError {
  kind: string;
  message: string;
  /** Byte offset into the statement. */
  position: number | undefined;
}

const INVALID = new Set([
  'Parser',
  'Syntax',
  'Binder',
  'Catalog',
  'Not implemented',
  'Expression',
  'Permission',
  'Mismatch Type',
]);
const UNFIT = new Set([
  'Conversion',
  'Invalid Input',
  'Out of Range',
  'Constraint',
  'Decimal',
  'Divide by Zero',
  'Invalid type',
]);

/** Turns what the engine threw into an error that a client may read. An interrupted statement is the caller's to explain. */
export function toQueryError(cause: unknown, context: ErrorContext): AppError {
  if (cause instanceof AppError) return cause;
  const error = parse(cause);
  const message = withoutPaths(error.message, context.directory);
  if (error.kind === 'Sequence' && context.limits.rows !== undefined) return tooManyRows(context.limits.rows, cause);
  const places = placesOf(error, message, context);
  if (error.kind === 'Out of Memory') return outOfMemory(error.message, context.limits, cause);
  if (/unused parameter|Values were not provided|Expected \d+ parameters|parameter .* not found/i.test(error.message)) {
    return new QueryInvalid(`The SQL and its parameters do not fit: ${message}`, { cause, places });
  }
  if (INVALID.has(error.kind)) return new QueryInvalid(`The SQL cannot be used: ${message}`, { cause, places });
  if (UNFIT.has(error.kind)) return new QueryFailed(`The query failed on the data: ${message}`, { cause, places });
  if (/no space left/i.test(error.message)) {
    return new QuerySpillLimit('The disk of the worker is full. Try again later or narrow the query.', { cause });
  }
  return new QueryFailed('The query engine could not finish the query.', { cause });
}

/** Whether the engine stopped because it was told to. */
export function isInterrupt(cause: unknown): boolean {
  return parse(cause).kind === 'Interrupt';
}

function outOfMemory(text: string, limits: QueryLimits, cause: unknown): AppError {
  if (text.includes('max_temp_directory_size')) {
    return new QuerySpillLimit(
      `The query needs more temporary space than the ${String(limits.spillMb)} MB it may use. ` +
        'Read fewer rows or columns, or filter before you sort, join or group.',
      { cause },
    );
  }
  return memoryExceeded(limits, cause);
}

export function memoryExceeded(limits: QueryLimits, cause?: unknown): QueryOutOfMemory {
  return new QueryOutOfMemory(
    `The query needs more memory than the ${String(limits.memoryMb)} MB it may use. ` +
      'Read fewer rows or columns, or avoid collecting many values into one row.',
    { cause },
  );
}

/** With `errors_as_json` the engine answers `{exception_type, exception_message, position}`, sometimes behind a plain prefix. */
function parse(cause: unknown): EngineError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const start = text.indexOf('{"exception_type"');
  if (start >= 0) {
    try {
      const json: unknown = JSON.parse(text.slice(start));
      if (isObject(json)) return fromJson(json);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const plain = /^(?:Failed to extract statements: )?([A-Z][\w ]*?) Error: (.*)$/s.exec(text);
  const interrupted = /^INTERRUPT/i.test(text);
  const kind = interrupted ? 'Interrupt' : (plain?.[1] ?? 'Unknown');
  return { kind, message: plain?.[2] ?? text, position: undefined };
}

function fromJson(json: Record<string, unknown>): EngineError {
  const position = Number(json['position'] ?? Number.NaN);
  const kind = String(json['exception_type']);
  return {
    kind: kind.toLowerCase() === 'interrupt' ? 'Interrupt' : kind,
    message: String(json['exception_message']),
    position: Number.isSafeInteger(position) ? position : undefined,
  };
}

function placesOf(error: EngineError, detail: string, { source }: ErrorContext): ErrorPlace[] {
  if (source === undefined) return [];
  const offset = error.position === undefined ? -1 : error.position - source.prefixBytes;
  return [placeAt(source.sql, offset, detail)];
}

/** Line and column, in characters from 1, of a byte offset into the SQL; an offset outside of it names the SQL only. */
export function placeAt(sql: string, byteOffset: number, detail: string): ErrorPlace {
  const bytes = Buffer.from(sql);
  if (byteOffset < 0 || byteOffset > bytes.length) return { pointer: '/sql', detail };
  const before = bytes.subarray(0, byteOffset).toString().split('\n');
  return { pointer: '/sql', line: before.length, column: [...(before.at(-1) ?? '')].length + 1, detail };
}

function withoutPaths(message: string, directory: string): string {
  return (
    message
      .replace(/\n\nLINE [\s\S]*$/, '')
      .replaceAll(directory, '')
      // Not behind a letter or digit: a date like 17/05/2026 in a value is no path.
      .replace(/(?<!\w)(["'`]?)(?:file:)?\/(?:[\w.@+~-]+\/)+[\w.@+~-]*\1/g, 'a file')
  );
}
