import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { deflateBlocks } from './deflate-blocks.js';
import { centralHeader, endRecords, localHeader, type ZipEntry } from './zip-records.js';

/**
 * Writes a ZIP archive to a file, one entry after the other, in memory that does not grow with them. Sizes stand in each
 * entry's own header (no data descriptor), ZIP64 only where 32 bits do not do: Excel refuses workbooks that use it without need.
 */
export class ZipFile {
  private readonly entries: ZipEntry[] = [];
  private position = 0;

  private constructor(
    private readonly handle: FileHandle,
    private readonly modified: Date,
  ) {}

  /** Calls `fill`, then ends the archive; `modified` is the time of every entry, in UTC. */
  static async write(file: string, modified: Date, fill: (zip: ZipFile) => Promise<void>): Promise<void> {
    const handle = await open(file, 'w');
    try {
      const zip = new ZipFile(handle, modified);
      await fill(zip);
      await zip.end();
    } finally {
      await handle.close();
    }
  }

  /** Adds one deflated entry; `name` has `/` between folders. Entries are added one at a time. */
  async add(name: string, content: AsyncIterable<Buffer>): Promise<void> {
    const entry: ZipEntry = {
      name: Buffer.from(name),
      modified: this.modified,
      offset: this.position,
      crc32: 0,
      compressed: 0,
      size: 0,
    };
    await this.append(localHeader(entry));
    const deflated = deflateBlocks(content, (block) => {
      entry.crc32 = crc32(block, entry.crc32);
      entry.size += block.length;
    });
    for await (const part of deflated) {
      entry.compressed += part.length;
      await this.append(part);
    }
    await writeAll(this.handle, localHeader(entry), entry.offset);
    this.entries.push(entry);
  }

  private async end(): Promise<void> {
    const offset = this.position;
    for (const entry of this.entries) await this.append(centralHeader(entry));
    await this.append(endRecords({ entries: this.entries.length, offset, size: this.position - offset }));
  }

  private async append(bytes: Buffer): Promise<void> {
    await writeAll(this.handle, bytes, this.position);
    this.position += bytes.length;
  }
}

/** A write may stop short of the end. */
async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
