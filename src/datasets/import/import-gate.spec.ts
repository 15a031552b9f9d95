import { describe, expect, it } from 'vitest';
import { ServiceUnavailable } from '../../common/errors.js';
import { ImportGate } from './import-gate.js';

describe(ImportGate, () => {
  it('lets some in, makes some wait, sends the others away, and forgets who left', async () => {
    const gate = new ImportGate(1, 2);
    const { signal } = new AbortController();
    const order: string[] = [];
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const first = gate.run(() => held, signal);
    const leaving = new AbortController();
    const left = gate.run(() => Promise.resolve(order.push('left')), leaving.signal);
    const waiting = gate.run(() => Promise.resolve(order.push('waited')), signal);
    await expect(gate.run(() => Promise.resolve(0), signal)).rejects.toThrow(ServiceUnavailable);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    const late = gate.run(() => Promise.reject(new Error('failed')), signal);
    release(undefined);
    await first;
    await waiting;
    await expect(late).rejects.toThrow('failed');
    await gate.run(() => Promise.resolve(order.push('after')), signal);
    expect(order).toEqual(['waited', 'after']);
  });
});
