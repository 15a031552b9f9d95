import { Injectable, StreamableFile } from '@nestjs/common';
import { ServiceUnavailable } from '../common/errors.js';
import { DownloadsService } from '../results/downloads.service.js';
import type { Run } from '../runs/run.js';
import { attachment } from '../storage/attachment.js';
import { Storage } from '../storage/storage.js';

/** How long a request for a file that has to be rendered first is held back. */
const RENDER_WAIT_SECONDS = 30;

/** Files as answers: clients of FetchtoZip do not follow redirects. */
@Injectable()
export class TaskFiles {
  constructor(
    private readonly downloads: DownloadsService,
    private readonly storage: Storage,
  ) {}

  async open(run: Run, requestId: string): Promise<StreamableFile> {
    const download = await this.downloads.download(run, { waitSeconds: RENDER_WAIT_SECONDS, requestId });
    if (!download.ready)
      throw new ServiceUnavailable('The file is still being rendered. Ask again.', { retryAfter: 1 });
    const { key, size, contentType, fileName } = download.artifact;
    return new StreamableFile(await this.storage.read(key), {
      type: contentType,
      length: size,
      disposition: attachment(fileName),
    });
  }
}
