import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';

/**
 * The bytes of a source, counted and digested while they flow. An abort ends the flow with the signal's reason, also
 * while the source is silent; a failing source ends it with the source's own error.
 */
export class ByteFlow {
  private readonly digest = createHash('sha256');
  private counted = 0;

  constructor(
    private readonly source: Readable,
    private readonly signal: AbortSignal,
  ) {
    // A source that fails before the first byte is asked for must not end the process; the reader meets the error then.
    source.on('error', () => undefined);
  }

  get size(): number {
    return this.counted;
  }

  /** Ends the digest; call once, after the last byte. */
  sha256(): string {
    return this.digest.digest('hex');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const stop = () => this.source.destroy(abortReason(this.signal));
    this.signal.addEventListener('abort', stop, { once: true });
    if (this.signal.aborted) stop();
    try {
      for await (const piece of this.source) {
        const bytes = toBuffer(piece);
        this.digest.update(bytes);
        this.counted += bytes.length;
        yield bytes;
      }
      // A source that had ended before the abort does not throw the reason by itself.
      if (this.signal.aborted) throw abortReason(this.signal);
    } finally {
      this.signal.removeEventListener('abort', stop);
    }
  }
}

/** The reason as an error, which is what a stream can be destroyed with. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('The operation was aborted.', 'AbortError');
}

/** Passes a stream on with its failure translated; ending either side ends the other. */
export function translateErrors(source: Readable, translate: (error: unknown) => Error): Readable {
  const outlet = new Transform({
    transform: (chunk, _encoding, done) => {
      done(null, chunk);
    },
    destroy: (error, done) => {
      done(error === null ? null : translate(error));
    },
  });
  // The outcome reaches the reader through the outlet itself.
  pipeline(source, outlet, () => undefined);
  return outlet;
}

function toBuffer(piece: unknown): Buffer {
  if (Buffer.isBuffer(piece)) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  if (piece instanceof Uint8Array) return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  throw new TypeError('A stored stream must consist of bytes or text.');
}
