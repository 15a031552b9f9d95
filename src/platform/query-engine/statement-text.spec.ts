import { expect, it } from 'vitest';
import { withoutTerminator } from './statement-text.js';

const openings = (of: (index: number) => string): string => {
  let text = 'SELECT ';
  for (let index = 0; text.length < 240_000; index += 1) text += of(index);
  return text;
};

it.each([
  ['dollar quotes', openings((index) => ` $t${String(index)}$`)],
  ['block comments', openings(() => ' /*')],
  ['texts with escapes', openings(() => " E'\\'")],
  ['names', openings(() => ' "a"" ')],
])('is not kept busy by many %s that do not end', (_, sql) => {
  const start = performance.now();
  expect(withoutTerminator(sql)).toBe(sql);
  expect(performance.now() - start).toBeLessThan(1000);
});
