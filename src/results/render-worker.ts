import { Injectable, Logger } from '@nestjs/common';
import { AppError, ErrorCode } from '../common/errors.js';
import { Config } from '../config/config.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { Storage } from '../storage/storage.js';
import { artifactChannel } from './artifact-waiter.js';
import { ArtifactsRepository, type RenderClaim, type RenderError } from './artifacts.repository.js';
import { Renderer } from './renderer.js';
import { RenderFailed } from './result-errors.js';

/** Takes renders for this worker: claims, holds the lease while it renders, and notes how it ended. */
@Injectable()
export class RenderWorker {
  private readonly logger = new Logger(RenderWorker.name);
  private readonly stopping = new AbortController();

  constructor(
    private readonly artifacts: ArtifactsRepository,
    private readonly renderer: Renderer,
    private readonly storage: Storage,
    private readonly broadcast: Broadcast,
    private readonly config: Config,
  ) {}

  async work(artifactId: string): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const claim = await this.artifacts.claim(artifactId, this.config.runs.leaseSeconds);
    if (!claim) return;
    const lost = new AbortController();
    const timer = setInterval(() => void this.renew(claim, lost), (this.config.runs.leaseSeconds * 1000) / 3);
    try {
      await this.render(claim, AbortSignal.any([this.stopping.signal, lost.signal]));
    } finally {
      clearInterval(timer);
      await this.broadcast.publish(artifactChannel(claim.id), 'ended');
    }
  }

  /** Stops what is in work; it is taken again by another worker. */
  stop(): void {
    this.stopping.abort(new Error('the worker is stopping'));
  }

  private async render(claim: RenderClaim, signal: AbortSignal): Promise<void> {
    try {
      if (claim.attempt > this.config.runs.maxAttempts)
        throw new RenderFailed(claim.format, `given up after ${String(claim.attempt - 1)} attempts`);
      const artifact = await this.renderer.render(claim, signal);
      if (await this.artifacts.finish(claim, artifact)) return;
      this.logger.warn(`render ${claim.id} is no longer wanted; its file is dropped`);
    } catch (error) {
      this.logger.warn({ err: error, msg: `render ${claim.id} failed`, run_id: claim.runId, attempt: claim.attempt });
      if (signal.aborted || isWorthAnotherTry(error)) await this.artifacts.release(claim);
      else await this.artifacts.fail(claim, toRenderError(error));
    }
    await this.drop(claim);
  }

  /** Removes what this try has written, unless the row says that it is the artifact and only the answer was lost. */
  private async drop(claim: RenderClaim): Promise<void> {
    const prefix = this.renderer.prefixOf(claim);
    const row = await this.artifacts.findOfRun(claim.runId, claim.format);
    if (row?.status === 'ready' && row.key.startsWith(prefix)) return;
    await this.storage.removeAll(prefix);
  }

  private async renew(claim: RenderClaim, lost: AbortController): Promise<void> {
    try {
      if (!(await this.artifacts.renew(claim, this.config.runs.leaseSeconds)))
        lost.abort(new Error('the lease is lost'));
    } catch (error) {
      this.logger.warn({ err: error, msg: `could not renew the lease of render ${claim.id}` });
    }
  }
}

/** Unknown errors are tried again too, up to the number of attempts. */
const isWorthAnotherTry = (error: unknown): boolean => !(error instanceof AppError) || error.retryable;

const toRenderError = (error: unknown): RenderError => {
  const isKnown = error instanceof AppError;
  return {
    code: isKnown ? error.code : ErrorCode.RenderFailed,
    detail: isKnown ? error.message : 'a reason inside the service',
  };
};
