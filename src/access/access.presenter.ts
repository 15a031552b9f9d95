import { API_PATH } from '../common/api-path.js';
import type { Caller } from '../platform/http/caller.js';
import type { ApiKey, SecretApiKey } from './api-key.js';
import type { KeyDto, SecretKeyDto } from './dto/api-key.dto.js';
import type { WhoamiDto } from './dto/whoami.dto.js';

export const keyPath = (id: string): string => `${API_PATH}/keys/${id}`;

export function toKeyDto(key: ApiKey): KeyDto {
  return {
    key_id: key.id,
    owner: key.owner,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    replaces: key.replaces,
  };
}

export function toSecretKeyDto({ key, value }: SecretApiKey): SecretKeyDto {
  return { ...toKeyDto(key), key: value };
}

export function toWhoamiDto({ owner, scopes, actor, expiresAt }: Caller): WhoamiDto {
  const { type, id } = actor;
  return { owner, type, id, scopes: [...scopes], expires_at: expiresAt?.toISOString() ?? null };
}
