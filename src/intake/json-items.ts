const Byte = { Quote: 0x22, Backslash: 0x5c, Comma: 0x2c } as const;
const OPENING = new Set(Buffer.from('[{'));
const CLOSING = new Set(Buffer.from(']}'));
const BLANK = new Set(Buffer.from(' \t\r\n'));

/**
 * The messages of a body, byte by byte as they were sent: the items of an array, or the body itself. Parsing and writing them again
 * would change numbers that JavaScript cannot hold. The body must be JSON that has been parsed before,
 * or empty.
 */
export function jsonItems(body: Buffer): Buffer[] {
  const text = trim(body);
  if (text.length === 0) return [];
  if (text[0] !== 0x5b) return [text];
  const inner = trim(text.subarray(1, -1));
  if (inner.length === 0) return [];
  const items: Buffer[] = [];
  let depth = 0;
  let begin = 0;
  for (let at = 0; at < inner.length; at += 1) {
    const byte = inner[at] ?? 0;
    if (byte === Byte.Quote) at = endOfString(inner, at);
    else if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    else if (byte === Byte.Comma && depth === 0) {
      items.push(trim(inner.subarray(begin, at)));
      begin = at + 1;
    }
  }
  return [...items, trim(inner.subarray(begin))];
}

function endOfString(bytes: Buffer, begin: number): number {
  for (let at = begin + 1; at < bytes.length; at += 1) {
    if (bytes[at] === Byte.Backslash) at += 1;
    else if (bytes[at] === Byte.Quote) return at;
  }
  return bytes.length;
}

function trim(bytes: Buffer): Buffer {
  let begin = 0;
  let end = bytes.length;
  while (begin < end && BLANK.has(bytes[begin] ?? 0)) begin += 1;
  while (end > begin && BLANK.has(bytes[end - 1] ?? 0)) end -= 1;
  return bytes.subarray(begin, end);
}
