import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { digestOfKey, newApiKey, prefixOfKey } from '../common/api-key.js';
import { Clock } from '../common/clock.js';
import { ValidationFailed } from '../common/errors.js';
import { decodeCursor, encodeCursor } from '../common/pagination.js';
import { BOOTSTRAP_NAME, OWNER_NAME, type ApiKey, type SecretApiKey } from './api-key.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { KeyNotFound } from './key-errors.js';

export type KeyRequest = Pick<ApiKey, 'owner' | 'name' | 'scopes' | 'expiresAt'>;

export interface KeyPage {
  keys: ApiKey[];
  nextCursor: string | null;
}

/** Making, showing and ending the keys of all owners. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly clock: Clock,
  ) {}

  /** Throws `ValidationFailed`. */
  async create(request: KeyRequest): Promise<SecretApiKey> {
    const { owner, name, scopes, expiresAt } = request;
    if (!OWNER_NAME.test(owner)) {
      throw ValidationFailed.at('/owner', 'must be 1 to 128 letters, digits and characters of _ . @ : -');
    }
    if (name === BOOTSTRAP_NAME)
      throw ValidationFailed.at('/name', 'is the name of the key that BOOTSTRAP_API_KEY makes');
    if (scopes.length === 0) throw ValidationFailed.at('/scopes', 'must have at least one scope');
    if (expiresAt !== null && expiresAt.getTime() <= this.clock.now().getTime()) {
      throw ValidationFailed.at('/expires_at', 'must be in the future');
    }
    const { value, ...made } = newValue();
    return { key: await this.keys.create({ ...made, owner, name, scopes, expiresAt }), value };
  }

  /** Newest first, of one owner or of all. Throws `ValidationFailed` for a cursor that is none. */
  async list(wanted: { owner: string | undefined; limit: number; cursor: string | undefined }): Promise<KeyPage> {
    const { owner, limit, cursor } = wanted;
    const found = await this.keys.list(owner, limit + 1, cursor === undefined ? null : decodeCursor(cursor));
    const keys = found.slice(0, limit);
    const last = keys.at(-1);
    return { keys, nextCursor: found.length > limit && last ? encodeCursor(last) : null };
  }

  /** Throws `KeyNotFound`. */
  async get(id: string): Promise<ApiKey> {
    const key = await this.keys.find(id);
    if (key === null) throw new KeyNotFound(id);
    return key;
  }

  /** The next request with the key is refused. Throws `KeyNotFound`. */
  async revoke(id: string): Promise<void> {
    if (!(await this.keys.revoke(id))) throw new KeyNotFound(id);
  }

  /**
   * A new key of the same owner, name and scopes; the old one goes on working for so many seconds. Throws `KeyNotFound`, or
   * `ValidationFailed` for a key that is over, was rotated before, or is the one of BOOTSTRAP_API_KEY.
   */
  async rotate(id: string, overlapSeconds: number): Promise<SecretApiKey> {
    const old = await this.get(id);
    if (old.name === BOOTSTRAP_NAME) {
      throw ValidationFailed.at('/id', 'is the key of BOOTSTRAP_API_KEY: change the variable instead');
    }
    const { value, ...successor } = newValue();
    const key = await this.keys.rotate(id, successor, overlapSeconds);
    if (key === null) {
      throw ValidationFailed.at(
        '/id',
        'is a key that has expired, is revoked, or was rotated before; create a new one',
      );
    }
    return { key, value };
  }
}

function newValue() {
  const value = newApiKey();
  return { value, id: uuidv7(), prefix: prefixOfKey(value), hash: digestOfKey(value) };
}
