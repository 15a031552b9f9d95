import { Injectable } from '@nestjs/common';
import type { DraftConfiguration, DraftInput, ExportDraft } from './export-draft.js';
import { ExportDraftsRepository } from './export-drafts.repository.js';

/** Drafts of exports: what FetchtoZip kept in memory for everybody is kept per owner, and outlives the process. */
@Injectable()
export class ExportDrafts {
  constructor(private readonly repository: ExportDraftsRepository) {}

  async get(owner: string): Promise<ExportDraft> {
    return await this.repository.find(owner);
  }

  /** Adds inputs; one of a name that is there already takes its place. */
  async putInputs(owner: string, inputs: readonly DraftInput[]): Promise<{ added: number; updated: number }> {
    const { added, updated } = await this.repository.changeInputs(owner, (kept) => merge(kept, inputs));
    return { added, updated };
  }

  async clearInputs(owner: string): Promise<void> {
    await this.repository.clearInputs(owner);
  }

  async configure(owner: string, configuration: DraftConfiguration): Promise<void> {
    await this.repository.configure(owner, configuration);
  }
}

function merge(kept: readonly DraftInput[], given: readonly DraftInput[]) {
  const byName = new Map(kept.map((input) => [input.name, input]));
  for (const input of given) byName.set(input.name, input);
  const added = byName.size - kept.length;
  return { inputs: [...byName.values()], added, updated: given.length - added };
}
