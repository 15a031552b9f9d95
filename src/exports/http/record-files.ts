import { createWriteStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CsvHeader } from './page-content.js';

const DIGITS = 9;
const LINE_END = 0x0a;
const LINE_ENDS = Buffer.from([LINE_END]);

/** A file of the records of one page or of several that follow each other, under one header if it is CSV. */
export interface RecordFile {
  /** Of the first page. */
  sequence: number;
  header: CsvHeader | null;
  path: string;
}

interface PageRecords {
  sequence: number;
  header: CsvHeader | null;
  records: Buffer;
}

/** The records of all pages in a folder, in files that are in the order of the rows. */
export class RecordFiles {
  private readonly files: RecordFile[] = [];

  private constructor(
    private readonly folder: string,
    private readonly extension: string,
  ) {}

  static async open(folder: string, extension: string): Promise<RecordFiles> {
    await mkdir(folder, { recursive: true });
    return new RecordFiles(folder, extension);
  }

  /** Call when nothing is written any more. */
  inOrder(): RecordFile[] {
    return this.files.sort((a, b) => a.sequence - b.sequence);
  }

  /** Brings the records of one page. */
  async bring(page: Omit<PageRecords, 'records'> & { records: Readable }, signal: AbortSignal): Promise<void> {
    await pipeline(page.records, createWriteStream(this.add(page)), { signal });
  }

  /** Writes the records of pages, given in order; those that follow each other into one file. */
  async write(pages: readonly PageRecords[]): Promise<void> {
    for (const run of runsOf(pages)) {
      const [first] = run;
      const handle = await open(this.add(first), 'w');
      try {
        await writeAll(handle, lines(run));
      } finally {
        await handle.close();
      }
    }
  }

  private add({ sequence, header }: Omit<PageRecords, 'records'>): string {
    const path = join(this.folder, `${String(sequence).padStart(DIGITS, '0')}.${this.extension}`);
    this.files.push({ sequence, header, path });
    return path;
  }
}

function runsOf(pages: readonly PageRecords[]): [PageRecords, ...PageRecords[]][] {
  const runs: [PageRecords, ...PageRecords[]][] = [];
  let last: PageRecords | undefined;
  for (const page of pages) {
    const follows = last !== undefined && page.sequence === last.sequence + 1 && isSame(page.header, last.header);
    const run = follows ? runs.at(-1) : undefined;
    if (run) run.push(page);
    else runs.push([page]);
    last = page;
  }
  return runs;
}

/** Each page on lines of its own. */
function lines(pages: readonly PageRecords[]): Buffer[] {
  return pages.flatMap(({ records }) => (records.at(-1) === LINE_END ? [records] : [records, LINE_ENDS]));
}

/** A write may stop short of the end. */
async function writeAll(handle: FileHandle, bytes: readonly Buffer[]): Promise<void> {
  const { bytesWritten } = await handle.writev(bytes);
  const length = bytes.reduce((sum, piece) => sum + piece.length, 0);
  if (bytesWritten < length) await handle.writeFile(Buffer.concat(bytes, length).subarray(bytesWritten));
}

const isSame = (a: CsvHeader | null, b: CsvHeader | null): boolean => JSON.stringify(a) === JSON.stringify(b);
