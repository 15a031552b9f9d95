/** The reason of an orderly stop, as opposed to a failure. */
export class StopRequested extends Error {}

const PARENT_POLL_MS = 500;

/**
 * Calls `stop` when somebody asks for it: Ctrl-C, a supervisor, the terminal that closes, or npm being killed, which
 * passes no signal on. A second request changes nothing (npm repeats every Ctrl-C): each process has its time to end.
 */
export function onStopRequest(stop: (reason: StopRequested) => void): void {
  const request = (): void => {
    stop(new StopRequested());
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) request();
  }, PARENT_POLL_MS).unref();
}

/** Rejects with the reason of the signal. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const rejectWithReason = (): void => {
      reject(signal.reason as Error); // Only errors are given as reasons here.
    };
    if (signal.aborted) rejectWithReason();
    else signal.addEventListener('abort', rejectWithReason, { once: true });
  });
}
