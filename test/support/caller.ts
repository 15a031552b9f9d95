import { DEFAULT_OWNER } from '../../src/common/owners.js';
import { SCOPES } from '../../src/common/scope.js';
import type { Caller } from '../../src/platform/http/caller.js';

/** Who may do everything, for tests that begin behind the guard. */
export const aCaller = (overrides: Partial<Caller> = {}): Caller => ({
  owner: DEFAULT_OWNER,
  scopes: new Set(SCOPES),
  actor: { type: 'key', id: '0190c0de-0000-7000-8000-00000000c0de', address: '127.0.0.1', requestId: 'r-1' },
  requestId: 'r-1',
  traceparent: null,
  expiresAt: null,
  ...overrides,
});
