import { Injectable } from '@nestjs/common';
import { ValidationFailed } from '../../common/errors.js';
import { SealBroken } from '../../common/text-seal.js';
import { Config } from '../../config/config.js';
import { openUrl, sealUrl, shownUrl } from '../database/sealed-url.js';
import type { DraftConfiguration, DraftInput, ExportDraft } from './export-draft.js';
import { ExportDraftsRepository } from './export-drafts.repository.js';

const KEY_CHANGED = 'was kept with a key that has changed since: send it again with POST /api/export/configure';
const DB_URL_REFUSED = 'is not allowed here: the operator names the databases that exports may read';

/**
 * Drafts of exports: what FetchtoZip kept in memory for everybody is kept per owner, and outlives the process. A database URL
 * is kept sealed.
 */
@Injectable()
export class ExportDrafts {
  constructor(
    private readonly repository: ExportDraftsRepository,
    private readonly config: Config,
  ) {}

  async inputs(owner: string): Promise<DraftInput[]> {
    return (await this.repository.find(owner)).inputs;
  }

  /** With the database URL opened. Throws `ValidationFailed` if that is no longer possible. */
  async get(owner: string): Promise<ExportDraft> {
    const { inputs, configuration } = await this.repository.find(owner);
    const kept = configuration?.db_url ?? null;
    if (!configuration || kept === null) return { inputs, configuration };
    return { inputs, configuration: { ...configuration, db_url: this.opened(kept) } };
  }

  /** Adds inputs; one of a name that is there already takes its place. */
  async putInputs(owner: string, inputs: readonly DraftInput[]): Promise<{ added: number; updated: number }> {
    const { added, updated } = await this.repository.changeInputs(owner, (kept) => merge(kept, inputs));
    return { added, updated };
  }

  async clearInputs(owner: string): Promise<void> {
    await this.repository.clearInputs(owner);
  }

  /** Returns what may be shown of it. Throws `ValidationFailed` for a database URL where the operator allows none. */
  async configure(owner: string, configuration: DraftConfiguration): Promise<DraftConfiguration> {
    const { db_url: url } = configuration;
    const kept = url === null ? configuration : { ...configuration, db_url: sealUrl(url, this.sealKey()) };
    await this.repository.configure(owner, kept);
    return kept.db_url === null ? kept : { ...kept, db_url: shownUrl(kept.db_url) };
  }

  private opened(kept: string): string {
    try {
      return openUrl(kept, this.sealKey());
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      throw ValidationFailed.at('/db_url', KEY_CHANGED);
    }
  }

  private sealKey(): string {
    const { allowDatabaseUrl, sealKey } = this.config.exports;
    if (!allowDatabaseUrl || sealKey === undefined) throw ValidationFailed.at('/db_url', DB_URL_REFUSED);
    return sealKey;
  }
}

function merge(kept: readonly DraftInput[], given: readonly DraftInput[]) {
  const byName = new Map(kept.map((input) => [input.name, input]));
  for (const input of given) byName.set(input.name, input);
  const added = byName.size - kept.length;
  return { inputs: [...byName.values()], added, updated: given.length - added };
}
