import type { Scope } from '../common/scope.js';

/** The key that BOOTSTRAP_API_KEY makes; no other has the name. */
export const BOOTSTRAP_NAME = 'bootstrap';

/** What an owner may be called, in keys and in claims of tokens. */
export const OWNER_NAME = /^[\w.@:-]{1,128}$/;

export const DEFAULT_OVERLAP_SECONDS = 86_400;
export const MAX_OVERLAP_SECONDS = 30 * 86_400;

/** A credential of an owner. Its value is never part of it. */
export interface ApiKey {
  /** UUID. */
  id: string;
  owner: string;
  name: string;
  /** How the value begins. */
  prefix: string;
  scopes: Scope[];
  createdAt: Date;
  /** Null: never. */
  expiresAt: Date | null;
  revokedAt: Date | null;
  /** To the minute. */
  lastUsedAt: Date | null;
  /** Id of the key that it takes the place of. */
  replaces: string | null;
}

export type NewApiKey = Pick<ApiKey, 'id' | 'owner' | 'name' | 'prefix' | 'scopes' | 'expiresAt'> & {
  /** SHA-256 of the value. */
  hash: Buffer;
};

/** With its value, which is shown this once. */
export interface SecretApiKey {
  key: ApiKey;
  value: string;
}

/** One of the keys that a value may be the value of. */
export interface KeyCandidate extends Pick<ApiKey, 'id' | 'owner' | 'scopes' | 'expiresAt'> {
  hash: Uint8Array;
  state: 'usable' | 'expired' | 'revoked';
  /** Whether `lastUsedAt` is older than a minute. */
  isStale: boolean;
}
