import { describe, expect, it } from 'vitest';
import { ValidationFailed } from './errors.js';
import { decodeCursor, encodeCursor } from './pagination.js';

const ID = '01900000-0000-7000-8000-000000000000';
const written = (text: string) => Buffer.from(text).toString('base64url');

describe('a cursor', () => {
  it('is read as it was written', () => {
    const position = { createdAt: new Date('2026-02-28T23:59:59.999Z'), id: ID };
    expect(decodeCursor(encodeCursor(position))).toEqual(position);
  });

  it.each([
    '',
    ID,
    `2026-02-28T23:59:59.999Z ${ID} more`,
    `2026-02-28T23:59:59.999Z ${ID}'--`,
    `2026-13-28T23:59:59.999Z ${ID}`,
    `2026 ${ID}`,
    `-271821-04-20T00:00:00.000Z ${ID}`,
    `+275760-09-13T00:00:00.000Z ${ID}`,
  ])('is refused when it says %j', (text) => {
    expect(() => decodeCursor(written(text))).toThrow(ValidationFailed);
  });
});
