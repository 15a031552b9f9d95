/** A segment `.` or `..` would name a folder; 255 bytes is what file systems allow for a name. */
const SEGMENT = String.raw`(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,255}`;
const KEY = new RegExp(`^${SEGMENT}(?:/${SEGMENT})*$`);
const FOLDER = new RegExp(`^(?:${SEGMENT}/)+$`);
const PREFIX = new RegExp(`^(?:${SEGMENT}/)*[A-Za-z0-9._-]{0,255}$`);

/** S3 allows 1024 bytes; the rest is left to the configured prefix. */
const MAX_LENGTH = 900;

export function isKey(key: string): boolean {
  return key.length <= MAX_LENGTH && KEY.test(key);
}

export function checkKey(key: string): void {
  if (!isKey(key)) throw new TypeError(`${JSON.stringify(key)} is no storage key.`);
}

/** A folder is a prefix that ends with `/`; the empty prefix is none, so that nothing can remove everything by mistake. */
export function checkFolder(prefix: string): void {
  if (prefix.length > MAX_LENGTH || !FOLDER.test(prefix)) {
    throw new TypeError(`${JSON.stringify(prefix)} is no folder of storage keys.`);
  }
}

/** A prefix may be empty and may end inside a segment. */
export function checkPrefix(prefix: string): void {
  if (prefix.length > MAX_LENGTH || !PREFIX.test(prefix)) {
    throw new TypeError(`${JSON.stringify(prefix)} is no prefix of storage keys.`);
  }
}
