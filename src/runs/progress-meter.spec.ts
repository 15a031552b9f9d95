import { describe, expect, it } from 'vitest';
import { ProgressMeter } from './progress-meter.js';

describe('ProgressMeter', () => {
  it('extrapolates the time left of a phase, from the start of that phase', () => {
    let now = 0;
    const meter = new ProgressMeter(() => now);
    meter.report('query', { percent: 0 });
    now = 30_000;
    meter.report('query', { percent: 75, rows: 900 });
    expect(meter.current()).toEqual({ phase: 'query', percent: 75, rows: 900, pages: null, etaSeconds: 10 });
    meter.report('upload', { percent: 0 });
    now = 32_000;
    meter.report('upload', { percent: 20 });
    expect(meter.current()).toMatchObject({ phase: 'upload', percent: 20, etaSeconds: 8 });
  });

  it('does not guess', () => {
    let now = 0;
    const meter = new ProgressMeter(() => now);
    meter.report('fetch', { percent: null, pages: 3 });
    now = 5000;
    expect(meter.current()).toMatchObject({ percent: null, pages: 3, etaSeconds: null });
    meter.report('fetch', { percent: 2.96 });
    expect(meter.current()).toMatchObject({ percent: 3, etaSeconds: null });
  });

  it('is the same object as long as there is no news', () => {
    const meter = new ProgressMeter();
    meter.report('query', { percent: null });
    const told = meter.current();
    meter.report('query', {});
    expect(meter.current()).toBe(told);
    meter.report('query', { rows: 1 });
    expect(meter.current()).not.toBe(told);
  });
});
