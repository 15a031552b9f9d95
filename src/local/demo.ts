import { Readable } from 'node:stream';
import { demoDatasets } from './demo-data.js';
import type { DemoDataset } from './demo-dataset.js';
import { LaunchError } from './launch-error.js';

/** Uploads, the way every client does, each demo dataset that is not there. Returns the names of those it uploaded. */
export async function loadDemoData(apiUrl: string, signal?: AbortSignal): Promise<readonly string[]> {
  const uploaded: string[] = [];
  for (const dataset of demoDatasets()) {
    const url = `${apiUrl}/api/v1/datasets/${dataset.name}`;
    if (await exists(url, signal)) continue;
    await upload(url, dataset, signal);
    uploaded.push(dataset.name);
  }
  return uploaded;
}

async function exists(url: string, signal: AbortSignal | undefined): Promise<boolean> {
  const response = await fetch(url, { ...(signal && { signal }) });
  if (response.status === 404) {
    await response.body?.cancel();
    return false;
  }
  await expectSuccess(response, url);
  return true;
}

async function upload(url: string, dataset: DemoDataset, signal: AbortSignal | undefined): Promise<void> {
  const response = await fetch(`${url}/content`, {
    method: 'PUT',
    headers: { 'content-type': dataset.contentType },
    body: Readable.toWeb(dataset.content()),
    duplex: 'half',
    ...(signal && { signal }),
  });
  await expectSuccess(response, `${url}/content`);
}

async function expectSuccess(response: Response, url: string): Promise<void> {
  const text = await response.text();
  if (!response.ok) throw new LaunchError(`Demo data could not be loaded: ${url} answered ${response.status}: ${text}`);
}
