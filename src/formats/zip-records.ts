/** Records of a ZIP archive, after PKWARE's APPNOTE 6.3.10; the section is named at each. */

/** What 32 (16) bits cannot say stands in a ZIP64 record, and this in its place. */
const IN_ZIP64 = 0xffffffff;
const COUNT_IN_ZIP64 = 0xffff;
const VERSION = 20;
const VERSION_ZIP64 = 45;
const UTF8_NAMES = 0x0800;
const DEFLATED = 8;
const ZIP64_EXTRA = 0x0001;
/** Room that may stay unused: Microsoft's growth hint of Open Packaging files, which readers skip (APPNOTE 4.5.2). */
const PADDING_EXTRA = 0xa220;
const PADDING_SIGNATURE = 0xa028;
const LOCAL_EXTRA_BYTES = 20;

export interface ZipEntry {
  name: Buffer;
  modified: Date;
  /** Where its local header starts. */
  offset: number;
  crc32: number;
  compressed: number;
  size: number;
}

const is64 = (value: number): boolean => value >= IN_ZIP64;
const cap32 = (value: number, zip64: boolean): number => (zip64 ? IN_ZIP64 : value);

/** 4.3.7. Always of the same length for a name, so that it can be written again when the sizes are known. */
export function localHeader(entry: ZipEntry): Buffer {
  const zip64 = is64(entry.size) || is64(entry.compressed);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, entry, { at: 4, zip64 });
  header.writeUInt16LE(LOCAL_EXTRA_BYTES, 28);
  const extra = Buffer.alloc(LOCAL_EXTRA_BYTES);
  extra.writeUInt16LE(zip64 ? ZIP64_EXTRA : PADDING_EXTRA, 0);
  extra.writeUInt16LE(LOCAL_EXTRA_BYTES - 4, 2);
  if (zip64) {
    extra.writeBigUInt64LE(BigInt(entry.size), 4);
    extra.writeBigUInt64LE(BigInt(entry.compressed), 12);
  } else {
    extra.writeUInt16LE(PADDING_SIGNATURE, 4);
    extra.writeUInt16LE(LOCAL_EXTRA_BYTES - 8, 6);
  }
  return Buffer.concat([header, entry.name, extra]);
}

/** 4.3.12 */
export function centralHeader(entry: ZipEntry): Buffer {
  const zip64 = is64(entry.size) || is64(entry.compressed) || is64(entry.offset);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(zip64 ? VERSION_ZIP64 : VERSION, 4);
  writeCommon(header, entry, { at: 6, zip64 });
  const extra = Buffer.alloc(zip64 ? 28 : 0);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(cap32(entry.offset, zip64), 42);
  if (zip64) {
    extra.writeUInt16LE(ZIP64_EXTRA, 0);
    extra.writeUInt16LE(extra.length - 4, 2);
    [entry.size, entry.compressed, entry.offset].forEach((value, index) => {
      extra.writeBigUInt64LE(BigInt(value), 4 + index * 8);
    });
  }
  return Buffer.concat([header, entry.name, extra]);
}

/** 4.3.14 to 4.3.16: the ZIP64 records only where they are needed. */
export function endRecords(directory: { entries: number; offset: number; size: number }): Buffer {
  const { entries, offset, size } = directory;
  const end = Buffer.alloc(22);
  const zip64 = entries >= COUNT_IN_ZIP64 || is64(offset) || is64(size);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? COUNT_IN_ZIP64 : entries, 8);
  end.writeUInt16LE(zip64 ? COUNT_IN_ZIP64 : entries, 10);
  end.writeUInt32LE(cap32(size, zip64), 12);
  end.writeUInt32LE(cap32(offset, zip64), 16);
  return zip64 ? Buffer.concat([zip64End(directory), end]) : end;
}

function zip64End({ entries, offset, size }: { entries: number; offset: number; size: number }): Buffer {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(VERSION_ZIP64, 12);
  record.writeUInt16LE(VERSION_ZIP64, 14);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(offset + size), 64);
  record.writeUInt32LE(1, 72);
  return record;
}

/** The fields from "version needed" to "file name length", which both headers of an entry share. */
function writeCommon(header: Buffer, entry: ZipEntry, { at, zip64 }: { at: number; zip64: boolean }): void {
  const { date, time } = dosTime(entry.modified);
  header.writeUInt16LE(zip64 ? VERSION_ZIP64 : VERSION, at);
  header.writeUInt16LE(UTF8_NAMES, at + 2);
  header.writeUInt16LE(DEFLATED, at + 4);
  header.writeUInt16LE(time, at + 6);
  header.writeUInt16LE(date, at + 8);
  header.writeUInt32LE(entry.crc32, at + 10);
  header.writeUInt32LE(cap32(entry.compressed, zip64), at + 14);
  header.writeUInt32LE(cap32(entry.size, zip64), at + 18);
  header.writeUInt16LE(entry.name.length, at + 22);
}

/** 4.4.6: two-second steps from 1980 on, without a zone; UTC here. */
function dosTime(instant: Date): { date: number; time: number } {
  const year = Math.max(instant.getUTCFullYear(), 1980) - 1980;
  return {
    date: (year << 9) | ((instant.getUTCMonth() + 1) << 5) | instant.getUTCDate(),
    time: (instant.getUTCHours() << 11) | (instant.getUTCMinutes() << 5) | (instant.getUTCSeconds() >> 1),
  };
}
