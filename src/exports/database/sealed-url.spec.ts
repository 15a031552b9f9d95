import { describe, expect, it } from 'vitest';
import { SealBroken } from '../../common/text-seal.js';
import { openUrl, sealUrl, shownUrl } from './sealed-url.js';

const KEY = 'k'.repeat(32);
const URL_TEXT = 'postgresql://me:hunter2 ü@db:5432/shop?sslmode=require';

describe('sealUrl', () => {
  it('keeps the URL whole and shows none of its secrets', () => {
    const kept = sealUrl(URL_TEXT, KEY);
    expect(openUrl(kept, KEY)).toBe(URL_TEXT);
    expect(kept).not.toContain('hunter2');
    expect(Buffer.from(kept.split('#sealed:')[1] ?? '', 'base64url').toString('latin1')).not.toContain('hunter2');
    expect(shownUrl(kept)).toBe('postgresql://me:***@db:5432/shop');
  });

  it('opens what earlier versions have sealed', () => {
    const sealed = 'ELe2iDNWXzLAcft516wtYbBXh_5-bvvxktcPlpdRgRRV0qDnEXBpu1PIW7BCMBp8lvTjMfW4';
    expect(openUrl(`postgresql://me:***@db/shop#sealed:${sealed}`, KEY)).toBe('postgresql://me:pw@db/shop');
  });

  it('gives equal texts for equal URLs only, so that equal exports are known', () => {
    expect(sealUrl(URL_TEXT, KEY)).toBe(sealUrl(URL_TEXT, KEY));
    const [one, other] = [sealUrl(URL_TEXT, KEY), sealUrl(`${URL_TEXT}x`, KEY)].map((kept) => kept.split(':').at(-1));
    expect(one?.slice(0, 16)).not.toBe(other?.slice(0, 16));
  });

  it('opens nothing that was changed, or sealed with another key', () => {
    const kept = sealUrl(URL_TEXT, KEY);
    const other = kept.at(-3) === 'A' ? 'B' : 'A';
    expect(() => openUrl(kept, 'l'.repeat(32))).toThrow(SealBroken);
    expect(() => openUrl(kept.slice(0, -3) + other + kept.slice(-2), KEY)).toThrow(SealBroken);
    expect(() => openUrl(URL_TEXT, KEY)).toThrow(SealBroken);
    expect(() => openUrl(kept.slice(0, -30), KEY)).toThrow(SealBroken);
  });
});

describe('shownUrl', () => {
  it('masks also what was never sealed', () => {
    expect(shownUrl(URL_TEXT)).not.toContain('hunter2');
  });
});
