import { Injectable } from '@nestjs/common';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isFormatName } from '../formats/formats.js';
import { Scratch } from '../runs/scratch.js';
import type { NewArtifact } from '../runs/artifact.js';
import { runPrefix } from '../runs/run-context.js';
import { RunsService } from '../runs/runs.service.js';
import { Storage } from '../storage/storage.js';
import type { RenderClaim } from './artifacts.repository.js';
import { RenderFailed } from './result-errors.js';
import { RESULT_FILE, RESULT_TABLE, ResultWriter } from './result-writer.js';
import { RunEngine } from './run-engine.js';

/** Renders a further format from a kept result: the query is never run again. */
@Injectable()
export class Renderer {
  constructor(
    private readonly runs: RunsService,
    private readonly storage: Storage,
    private readonly engine: RunEngine,
    private readonly writer: ResultWriter,
    private readonly scratch: Scratch,
  ) {}

  /** Where the files of this try go; ends with `/`. */
  prefixOf(claim: RenderClaim): string {
    return `${runPrefix(claim.runId)}renders/${claim.id}.${String(claim.attempt)}/`;
  }

  async render(claim: RenderClaim, signal: AbortSignal): Promise<NewArtifact> {
    const run = await this.runs.load(claim.runId);
    if (!run?.manifest || !isFormatName(claim.format)) throw new RenderFailed(claim.format, 'its run has no result');
    const directory = join(this.scratch.directory, `${claim.id}.${String(claim.attempt)}`);
    await mkdir(directory, { recursive: true });
    try {
      const file = join(directory, RESULT_FILE);
      await pipeline(await this.storage.read(run.manifest.key), createWriteStream(file), { signal });
      const { format } = claim;
      const { columns, rows } = run.manifest;
      const options = { directory, signal, distrusted: claim.attempt > 1, owner: run.owner };
      return await this.engine.use(options, async (session, bounds) => {
        await session.relate(RESULT_TABLE, file);
        const request = { session, bounds, directory, run, format, keyPrefix: this.prefixOf(claim) };
        return await this.writer.render({ ...request, columns, rows });
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}
