export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

export const row = (name: string, ...values: readonly string[]): string =>
  `  ${name.padEnd(44)}${values.map((value) => value.padStart(14)).join('')}`;

export const table = (title: string, rows: readonly string[]): string => [title, ...rows, ''].join('\n');
