import { Injectable } from '@nestjs/common';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { LIVE_STATUSES } from '../runs/run-state.js';
import { ownerOfKey, type KeyOwner } from './stored-key.js';

/** Which stored files are still needed. */
@Injectable()
export class StoredReferencesRepository {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * Those of the keys that a row points to, or that work under way may have written and will point to. Once a key is not
   * needed, it never is again: names are not used twice, and a row gets only files of its own attempt.
   */
  async needed(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await Promise.all([
      this.neededByRuns(keysOf(keys, 'run')),
      this.neededByVersions(keysOf(keys, 'version')),
    ]);
    return new Set(found.flat().map(({ key }) => key));
  }

  /**
   * All files of a run that has not ended; of one that has its result, artifacts and pages, and what is in the folder of a render
   * to come, which is named after its artifact.
   */
  private async neededByRuns({ keys, ids }: OwnedKeys): Promise<{ key: string }[]> {
    if (keys.length === 0) return [];
    return await this.prisma.$queryRaw<{ key: string }[]>`
      SELECT given.key FROM unnest(${keys}::text[], ${ids}::uuid[]) AS given (key, run_id) JOIN runs ON runs.id = run_id
      WHERE status = ANY(${LIVE_STATUSES}::text[]::run_status[]) OR manifest->>'key' = given.key
        OR EXISTS (SELECT FROM artifacts WHERE artifacts.run_id = runs.id
          AND (artifacts.key = given.key OR artifacts.status = 'pending' AND strpos(given.key, artifacts.id::text) > 0))
        OR EXISTS (SELECT FROM export_pages WHERE export_pages.run_id = runs.id AND export_pages.key = given.key)`;
  }

  private async neededByVersions({ keys, ids }: OwnedKeys): Promise<{ key: string }[]> {
    if (keys.length === 0) return [];
    return await this.prisma.$queryRaw<{ key: string }[]>`
      SELECT given.key FROM unnest(${keys}::text[], ${ids}::uuid[]) AS given (key, version_id)
      JOIN dataset_versions ON dataset_versions.id = version_id AND dataset_versions.key = given.key`;
  }
}

interface OwnedKeys {
  keys: string[];
  ids: string[];
}

function keysOf(keys: readonly string[], kind: KeyOwner['kind']): OwnedKeys {
  const owned = keys.flatMap((key) => {
    const owner = ownerOfKey(key);
    return owner?.kind === kind ? [{ key, id: owner.id }] : [];
  });
  return { keys: owned.map(({ key }) => key), ids: owned.map(({ id }) => id) };
}
