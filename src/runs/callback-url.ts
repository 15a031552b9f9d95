import { hasUserInfo } from '../common/user-info.js';

export const MAX_CALLBACK_URL_LENGTH = 2000;

/** What is wrong with a callback URL, to follow its name in a sentence; null if it can be used. */
export function callbackUrlProblem(text: string): string | null {
  if (text.length > MAX_CALLBACK_URL_LENGTH) return `must be at most ${String(MAX_CALLBACK_URL_LENGTH)} characters`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    return 'must be an absolute URL that starts with https:// or http://';
  }
  if (hasUserInfo(url)) return 'must not have a user name or password';
  return null;
}
