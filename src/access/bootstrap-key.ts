import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { digestOfKey, prefixOfKey } from '../common/api-key.js';
import { DEFAULT_OWNER } from '../common/owners.js';
import { Scope } from '../common/scope.js';
import { Config } from '../config/config.js';
import { asDatabaseAway } from '../platform/prisma/database-errors.js';
import { BOOTSTRAP_NAME } from './api-key.js';
import { ApiKeysRepository } from './api-keys.repository.js';

/** The admin key of BOOTSTRAP_API_KEY. What the variable says holds: it takes the place of the value of an earlier start. */
@Injectable()
export class BootstrapKey implements OnApplicationBootstrap {
  private readonly log = new Logger(BootstrapKey.name);
  private readonly value: string | undefined;
  private isThere = false;

  constructor(
    { auth }: Config,
    private readonly keys: ApiKeysRepository,
  ) {
    this.value = auth.bootstrapKey;
  }

  /** A database that is away does not keep the API from starting. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.ensure();
    } catch (error) {
      this.log.warn({ err: error, msg: 'the key of BOOTSTRAP_API_KEY is made with the first request that has a key' });
    }
  }

  /** Makes the key unless this process has. Throws `ServiceUnavailable`. */
  async ensure(): Promise<void> {
    if (this.isThere || this.value === undefined) return;
    const hash = digestOfKey(this.value);
    const key = { owner: DEFAULT_OWNER, name: BOOTSTRAP_NAME, scopes: [Scope.Admin], expiresAt: null };
    try {
      await this.keys.ensureBootstrap({ ...key, id: idOf(hash), prefix: prefixOfKey(this.value), hash });
    } catch (error) {
      throw asDatabaseAway(error) ?? error;
    }
    this.isThere = true;
  }
}

/** Always the same for a value, so that processes which start at once make one key; it tells nothing of the value. */
function idOf(hash: Buffer): string {
  const hex = createHash('sha256').update('bootstrap key').update(hash).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
