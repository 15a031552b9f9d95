import { AppError, LimitReached, type ErrorPlace } from '../../common/errors.js';
import type { OpenOptions } from './duckdb-open.js';
import type { QueryColumn, QueryParameters, QueryProgress } from './query-engine.js';
import { QueryFailed, QueryInvalid, QueryOutOfMemory, QuerySpillLimit } from './query-errors.js';

/** What the process of a session is asked, and what it answers. */
interface Calls {
  open: { input: Omit<OpenOptions, 'signal'>; output: undefined };
  relate: { input: { name: string; file: string; expected?: Readonly<Record<string, string>> }; output: undefined };
  define: { input: { name: string; select: string }; output: undefined };
  query: { input: StatementInput; output: Record<string, unknown>[] };
  describe: { input: { sql: string; parameters?: QueryParameters | undefined }; output: QueryColumn[] };
  materialize: { input: StatementInput & { file: string }; output: number };
}

interface StatementInput {
  sql: string;
  parameters?: QueryParameters | undefined;
  /** Whether progress is wanted. */
  watched: boolean;
}

export type CallName = keyof Calls;
export type CallInput<N extends CallName> = Calls[N]['input'];
export type CallOutput<N extends CallName> = Calls[N]['output'];

/** `id` is the caller's; the answers to a call have the same one. */
export type EngineRequest = { [N in CallName]: { id: number; call: N; input: CallInput<N> } }[CallName];
export type EngineAnswer = { id: number } & (
  | { kind: 'progress'; progress: QueryProgress }
  | { kind: 'done'; output: unknown }
  | { kind: 'failed'; error: SentError }
);

/** Classes do not survive the way between two processes: an error goes by its name. */
export interface SentError {
  name: string;
  message: string;
  places: readonly ErrorPlace[];
  /** For the log. */
  cause: string;
}

const TYPED = { LimitReached, QueryInvalid, QueryFailed, QueryOutOfMemory, QuerySpillLimit };
/** The engine may quote a value of any length. */
const MAX_CAUSE = 4_000;

export function toSent(error: unknown): SentError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const isTyped = error instanceof AppError;
  const cause = isTyped ? error.cause : error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return { name, message, places: isTyped ? error.places : [], cause: text.slice(0, MAX_CAUSE) };
}

/** The error that an engine in this process would have thrown. */
export function fromSent({ name, message, places, cause }: SentError): Error {
  const Typed = Object.entries(TYPED).find(([typed]) => typed === name)?.[1];
  if (Typed !== undefined) return new Typed(message, { places, cause });
  return name === TypeError.name ? new TypeError(message, { cause }) : new Error(message, { cause });
}
