import { describe, expect, it } from 'vitest';
import { ValidationFailed } from '../../common/errors.js';
import { SourceFailed } from '../sources/source-errors.js';
import { checkHeaders, resolveHeaders } from './request-headers.js';

const HEADERS = { 'X-Tenant': 'blue', Authorization: { secret: 'shop' } };
const HOSTS = ['api.example.com'];
const SHOP = { value: 'Bearer hunter2', hosts: HOSTS, owners: ['acme'] };
const ASKED = { owner: 'acme', url: 'https://api.example.com/orders' };

function refusal(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('a header with a secret', () => {
  it.each([
    ['for its owner', SHOP],
    ['for every owner', { ...SHOP, owners: ['*'] }],
    ['for hosts below a name', { ...SHOP, hosts: ['other.test', '*.example.com'] }],
  ])('is sent %s', (_, shop) => {
    checkHeaders(HEADERS, { shop }, ASKED);
    expect(resolveHeaders(HEADERS, { shop }, ASKED)).toEqual({ 'X-Tenant': 'blue', Authorization: 'Bearer hunter2' });
  });

  it.each([
    ['when there is none', {}, ASKED],
    ['when only its prototype has one', {}, ASKED, '__proto__'],
    ['to another owner', { shop: SHOP }, { ...ASKED, owner: 'other' }],
    ['to another host', { shop: SHOP }, { ...ASKED, url: 'https://collect.evil.test/api.example.com' }],
    ['to another port', { shop: SHOP }, { ...ASKED, url: 'https://api.example.com:8443/' }],
    ['in clear', { shop: SHOP }, { ...ASKED, url: 'http://api.example.com/' }],
  ])(
    'is refused %s, at the request and again at the run, and always in the same words',
    (_, secrets, asked, name = 'shop') => {
      const headers = { Authorization: { secret: name } };
      const atRequest = refusal(() => {
        checkHeaders(headers, secrets, asked);
      });
      expect(atRequest).toBeInstanceOf(ValidationFailed);
      const detail = `there is no secret "${name}" that this URL may get`;
      expect(atRequest).toMatchObject({ places: [{ pointer: '/source/headers/Authorization/secret', detail }] });
      const atRun = refusal(() => resolveHeaders(headers, secrets, asked));
      expect(atRun).toBeInstanceOf(SourceFailed);
      expect(atRun).toMatchObject({
        message: `This worker has no secret "${name}" that this URL may get. Configure it (EXPORT_SECRETS) and export again.`,
      });
    },
  );
});
