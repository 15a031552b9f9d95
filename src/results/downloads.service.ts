import { Injectable, Logger } from '@nestjs/common';
import { ErrorCode, LimitReached, type AppError } from '../common/errors.js';
import { Config } from '../config/config.js';
import { FormatName } from '../formats/format.js';
import { isFormatName } from '../formats/formats.js';
import type { NewArtifact } from '../runs/artifact.js';
import type { Run } from '../runs/run.js';
import { Storage, type SignedLink } from '../storage/storage.js';
import { ArtifactWaiter } from './artifact-waiter.js';
import { ArtifactsRepository, type Artifact } from './artifacts.repository.js';
import { RendersQueue } from './renders.queue.js';
import { requireResult } from './result-access.js';
import { RenderFailed } from './result-errors.js';

/** A file with a fresh link, or the word that it is still being rendered. */
export type Download = { ready: true; artifact: NewArtifact; link: SignedLink } | { ready: false; format: FormatName };

export interface DownloadRequest {
  /** Default: the format that the run was created with, else csv. */
  format?: FormatName | undefined;
  /** How long to wait for a render, in seconds. */
  waitSeconds: number;
  /** Who asks, for the log of downloads. */
  requestId: string;
}

/** Files of completed runs, rendered on first use. */
@Injectable()
export class DownloadsService {
  private readonly logger = new Logger(DownloadsService.name);

  constructor(
    private readonly artifacts: ArtifactsRepository,
    private readonly waiter: ArtifactWaiter,
    private readonly queue: RendersQueue,
    private readonly storage: Storage,
    private readonly config: Config,
  ) {}

  /** Throws `ResultExpired`, `RunNotCompleted` `RenderFailed` or `LimitReached`. */
  async download(run: Run, request: DownloadRequest): Promise<Download> {
    requireResult(run);
    const format = request.format ?? defaultFormat(run);
    const artifact = await this.ensure(run, format, request.waitSeconds);
    switch (artifact.status) {
      case 'pending':
        return { ready: false, format };
      case 'error':
        throw toError(artifact);
      case 'ready': {
        const { key, fileName, contentType } = artifact;
        const expiresInSeconds = this.config.runs.linkTtlSeconds;
        const link = await this.storage.sign(key, { fileName, contentType, expiresInSeconds });
        // Before the link is handed out: there is no download that the audit does not know.
        await this.artifacts.noteDownload(run, format);
        this.logger.log({ msg: 'download', run_id: run.id, owner: run.owner, format, request_id: request.requestId });
        return { ready: true, artifact, link };
      }
    }
  }

  /** The files that exist, for the manifest. */
  async list(run: Run): Promise<NewArtifact[]> {
    const artifacts = await this.artifacts.listOfRun(run.id);
    return artifacts.filter((artifact) => artifact.status === 'ready');
  }

  private async ensure(run: Run, format: FormatName, waitSeconds: number): Promise<Artifact> {
    const known = await this.artifacts.findOfRun(run.id, format);
    if (known?.status === 'ready') return known;
    const artifact = await this.artifacts.want(run.id, format);
    if (known?.status !== 'pending') await this.queue.enqueue(artifact.id);
    return await this.waiter.wait(artifact, Math.min(waitSeconds, this.config.http.waitCapSeconds));
  }
}

const toError = ({ format, error }: Artifact & { status: 'error' }): AppError =>
  error.code === ErrorCode.LimitReached ? new LimitReached(error.detail) : new RenderFailed(format, error.detail);

const defaultFormat = (run: Run): FormatName =>
  run.format !== null && isFormatName(run.format) ? run.format : FormatName.Csv;
