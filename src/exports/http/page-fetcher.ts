import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../common/errors.js';
import { backOffMs, retryAfterMs } from '../../common/retry-after.js';
import type { OutboundHttp, OutboundResponse } from '../../platform/outbound/outbound-http.js';
import type { RateLimiter } from '../../platform/outbound/rate-limiter.js';
import type { HttpSpec } from '../sources/http-spec.js';
import { SourceFailed } from '../sources/source-errors.js';
import type { PageMemory } from './page-memory.js';
import type { PlainWords } from './plain-words.js';

/** Statuses beside those from 500 that may pass by themselves. */
const PASSING = new Set([408, 425, 429]);
/** Longer pauses that a server asks for are not waited for. */
const MAX_PAUSE_MS = 600_000;

export interface FetcherParts {
  http: OutboundHttp;
  limiter: RateLimiter;
  spec: HttpSpec;
  headers: Readonly<Record<string, string>>;
  words: PlainWords;
  maxBytes: number;
  memory: PageMemory;
  deadlineAt: Date | null;
}

/** What stops a page: `waiting` before a request is made, `asking` the request itself. */
export interface PageSignals {
  waiting: AbortSignal;
  asking: AbortSignal;
}

/** An answer whose body lies in memory that can be used again once the page is kept. */
export interface PageAnswer extends OutboundResponse {
  memory: Buffer | undefined;
}

export interface PageRequest extends PageSignals {
  sequence: number;
  url: string;
}

/** Asks for pages: not too often, again when that may help, and with one pause for all when the server asks for it. */
export class PageFetcher {
  private readonly origin: string;
  private readonly host: string;
  /** No request of this run before that moment, in milliseconds of `Date.now()`. */
  private pausedUntil = 0;

  constructor(private readonly parts: FetcherParts) {
    const url = new URL(parts.spec.url);
    this.origin = url.origin;
    this.host = hostOf(url);
  }

  /** The answer, whose status says that it is the page. Throws `SourceFailed`, or the reason of a signal. */
  async fetch(request: PageRequest): Promise<PageAnswer> {
    const { retries } = this.parts.spec;
    for (let failures = 0; ; failures += 1) {
      const outcome = await this.try(request);
      if (outcome.isFinal) return outcome.answer;
      const { problem, pauseMs, cause } = outcome;
      if (failures >= retries) {
        const tries = `after ${String(failures + 1)} ${failures === 0 ? 'try' : 'tries'}`;
        throw this.failed(request, `${problem} (${tries})`, cause);
      }
      if (pauseMs === null) {
        await sleep(backOffMs(failures), request.waiting);
        continue;
      }
      this.checkPause(request, problem, pauseMs);
      this.pausedUntil = Math.max(this.pausedUntil, Date.now() + pauseMs);
    }
  }

  /** An error of a page that names the page, its address and what is wrong. */
  failed({ sequence, url }: Pick<PageRequest, 'sequence' | 'url'>, problem: string, cause?: unknown): SourceFailed {
    const message = `Page ${String(sequence + 1)} (${this.parts.words.url(url)}) failed: ${problem}.`;
    return new SourceFailed(message, cause === undefined ? {} : { cause });
  }

  private async try(request: PageRequest): Promise<Outcome> {
    const { http, spec, words, maxBytes, memory } = this.parts;
    const { url, asking } = request;
    await this.turn(request);
    try {
      const headers = this.headersFor(url);
      let body: Buffer | undefined;
      const memoryFor = (bytes: number): Buffer => (body = memory.take(bytes));
      const timeoutMs = spec.timeout_seconds * 1000;
      const answer = await http.get({ url, headers, signal: asking, timeoutMs, maxBytes, memoryFor });
      if (answer.status >= 200 && answer.status < 300) return { isFinal: true, answer: { ...answer, memory: body } };
      const excerpt = words.excerpt(answer.body);
      const problem = `the server answered ${String(answer.status)}${excerpt === '' ? '' : `: ${excerpt}`}`;
      if (answer.status < 500 && !PASSING.has(answer.status)) throw this.failed(request, problem);
      const pauseMs = retryAfterMs(answer.headers['retry-after'], Date.now());
      return { isFinal: false, problem, pauseMs, cause: undefined };
    } catch (error) {
      asking.throwIfAborted();
      if (error instanceof SourceFailed || !(error instanceof AppError)) throw error;
      const problem = error.message.replace(/\.$/, '');
      if (!error.retryable) throw this.failed(request, problem, error);
      return { isFinal: false, problem, pauseMs: null, cause: error };
    }
  }

  /** Waits until a request may be made: the pauses first, for a turn that waits in a pause would be lost to others. */
  private async turn({ waiting, url }: PageRequest): Promise<void> {
    waiting.throwIfAborted();
    for (;;) {
      for (let left = this.pauseLeft(); left > 0; left = this.pauseLeft()) await sleep(left, waiting);
      const { rate_limit: rate } = this.parts.spec;
      if (rate === undefined) return;
      const host = URL.canParse(url) ? hostOf(new URL(url)) : this.host;
      await this.parts.limiter.take(host, rate, waiting);
      if (this.pauseLeft() <= 0) return;
    }
  }

  private pauseLeft(): number {
    return this.pausedUntil - Date.now();
  }

  private checkPause(request: PageRequest, problem: string, pauseMs: number): void {
    const seconds = `${String(Math.ceil(pauseMs / 1000))} s`;
    if (pauseMs > MAX_PAUSE_MS) {
      throw this.failed(
        request,
        `${problem}. It asks to wait ${seconds}, longer than the ${MAX_PAUSE_MS / 1000} s allowed`,
      );
    }
    const { deadlineAt } = this.parts;
    if (deadlineAt !== null && Date.now() + pauseMs > deadlineAt.getTime()) {
      throw this.failed(request, `${problem}. It asks to wait ${seconds}, longer than the run may take`);
    }
  }

  /** Headers may hold secrets, which are for the server that the request names. */
  private headersFor(url: string): Readonly<Record<string, string>> {
    return URL.canParse(url) && new URL(url).origin === this.origin ? this.parts.headers : {};
  }
}

type Outcome =
  { isFinal: true; answer: PageAnswer } | { isFinal: false; problem: string; pauseMs: number | null; cause: unknown };

function hostOf({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}

/** Rejects with the signal's reason. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
