import { beforeEach, describe, expect, it } from 'vitest';
import { ProgressMeter } from './progress-meter.js';

describe('ProgressMeter', () => {
  let now: number;
  let meter: ProgressMeter;
  beforeEach(() => {
    now = 0;
    meter = new ProgressMeter(() => now);
  });

  it('extrapolates the time left of a phase, from the start of that phase', () => {
    meter.report('query', { percent: 0 });
    now = 30_000;
    meter.report('query', { percent: 75, rows: 900, bytes: 70 });
    expect(meter.current()).toEqual({
      phase: 'query', percent: 75, rows: 900, pages: null, bytes: 70, rate: null, etaSeconds: 10,
    }); // prettier-ignore
    meter.report('upload', { percent: 0 });
    now = 32_000;
    meter.report('upload', { percent: 20 });
    expect(meter.current()).toMatchObject({ phase: 'upload', percent: 20, etaSeconds: 8 });
  });

  it('does not guess', () => {
    meter.report('fetch', { percent: null, pages: 3 });
    now = 5000;
    expect(meter.current()).toMatchObject({ percent: null, pages: 3, rate: null, etaSeconds: null });
    meter.report('fetch', { percent: 2.96 });
    expect(meter.current()).toMatchObject({ percent: 3, etaSeconds: null });
  });

  it('is the same object as long as there is no news', () => {
    meter.report('query', { percent: null });
    const told = meter.current();
    meter.report('query', {});
    expect(meter.current()).toBe(told);
    meter.report('query', { rows: 1 });
    expect(meter.current()).not.toBe(told);
  });

  it('knows the rate of the last five seconds, not that of the whole phase', () => {
    // Rows of attempts before are not rows of now.
    let rows = 1_000_000;
    const advance = (milliseconds: number, perSecond: number): void => {
      for (const end = now + milliseconds; now < end;) {
        now += 20;
        meter.report('fetch', { rows: (rows += perSecond / 50) });
      }
    };
    meter.report('fetch', { rows });
    expect(meter.current()?.rate).toBeNull();
    advance(10_000, 1000);
    expect(meter.current()?.rate).toBe(1000);
    advance(2500, 3000);
    expect(meter.current()?.rate).toBeGreaterThan(1800);
    expect(meter.current()?.rate).toBeLessThan(2200);
    advance(10_000, 5);
    expect(meter.current()?.rate).toBe(5);
  });

  it('sees work that stands still', () => {
    meter.report('fetch', { rows: 0 });
    now = 1000;
    meter.report('fetch', { rows: 100 });
    expect(meter.current()?.rate).toBe(100);
    now = 4000;
    expect(meter.current()?.rate).toBe(25);
    now = 60_000;
    expect(meter.current()?.rate).toBe(0);
    const told = meter.current();
    now = 61_000;
    expect(meter.current()).toBe(told);
  });

  it('begins anew with another phase, and with fewer rows', () => {
    meter.report('fetch', { rows: 0 });
    now = 1000;
    meter.report('fetch', { rows: 100 });
    meter.report('render', { rows: 0 });
    expect(meter.current()?.rate).toBeNull();
    now = 2000;
    meter.report('render', { rows: 40 });
    expect(meter.current()?.rate).toBe(40);
    meter.report('render', { rows: 3 });
    expect(meter.current()?.rate).toBeNull();
  });
});
