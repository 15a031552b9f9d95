import { describe, expect, it } from 'vitest';
import { progressData } from './run-events.js';

describe('progress on the wire', () => {
  it('has a phase before the run has begun one, and nothing else that is not known', () => {
    expect(progressData(null, 3)).toEqual({
      phase: 'query', percent: null, rows: null, pages: null, bytes: null, rate: null, queue_position: 3, eta_seconds: null,
    }); // prettier-ignore
  });
});
