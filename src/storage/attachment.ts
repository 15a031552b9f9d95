import contentDisposition from 'content-disposition';

/**
 * A `Content-Disposition` (RFC 6266) that saves under any Unicode name: `filename*` carries the name, `filename` one in plain
 * ASCII. S3 servers refuse or damage other bytes in the header, and old clients misread quotes, backslashes and `%`.
 */
export function attachment(fileName: string): string {
  const name = fileName.toWellFormed();
  return contentDisposition(name, { fallback: name.replace(/[^\x20-\x7e]|["\\%/]/g, '_') });
}
