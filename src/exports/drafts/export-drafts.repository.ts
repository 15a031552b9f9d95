import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Prisma } from '../../platform/prisma/generated/client.js';
import { PrismaService } from '../../platform/prisma/prisma.service.js';
import {
  draftConfiguration,
  draftInput,
  type DraftConfiguration,
  type DraftInput,
  type ExportDraft,
} from './export-draft.js';

const inputsSchema = z.array(draftInput);

@Injectable()
export class ExportDraftsRepository {
  constructor(private readonly prisma: PrismaService) {}

  async find(owner: string): Promise<ExportDraft> {
    const row = await this.prisma.exportDraft.findUnique({ where: { owner } });
    return {
      inputs: inputsSchema.parse(row?.inputs ?? []),
      configuration: draftConfiguration.nullable().parse(row?.configuration ?? null),
    };
  }

  /** Replaces the inputs by what `change` makes of them, one change of an owner at a time. */
  async changeInputs<T extends { inputs: DraftInput[] }>(
    owner: string,
    change: (inputs: DraftInput[]) => T,
  ): Promise<T> {
    return await this.prisma.$transaction(async (tx) => {
      await tx.exportDraft.createMany({ data: [{ owner, inputs: [] }], skipDuplicates: true });
      const [row] = await tx.$queryRaw<{ inputs: unknown }[]>`
        SELECT inputs FROM export_drafts WHERE owner = ${owner} FOR UPDATE`;
      const changed = change(inputsSchema.parse(row?.inputs));
      await tx.exportDraft.update({ where: { owner }, data: { inputs: changed.inputs } });
      return changed;
    });
  }

  async configure(owner: string, configuration: DraftConfiguration): Promise<void> {
    await this.prisma.exportDraft.upsert({
      where: { owner },
      create: { owner, inputs: [], configuration },
      update: { configuration },
    });
  }

  async clearInputs(owner: string): Promise<void> {
    await this.prisma.exportDraft.updateMany({
      where: { owner },
      data: { inputs: [] satisfies Prisma.InputJsonValue },
    });
  }
}
