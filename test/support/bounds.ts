import { Bounds } from '../../src/limits/bounds.js';

/** For work that may make as much as it likes, and of which no file is watched. */
export function noBounds(signal = new AbortController().signal): Bounds {
  const most = Number.MAX_SAFE_INTEGER;
  const bounds = new Bounds({ rows: most, bytes: most }, signal);
  bounds.close();
  return bounds;
}
