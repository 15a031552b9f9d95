import { Readable } from 'node:stream';
import { demoDatasets } from './demo-data.js';
import type { DemoDataset } from './demo-dataset.js';
import { LaunchError } from './launch-error.js';

/** A running API, and a key that opens it. */
export interface Api {
  url: string;
  key: string;
}

/** Uploads, the way every client does, each demo dataset that is not there. Returns the names of those it uploaded. */
export async function loadDemoData(api: Api, signal?: AbortSignal): Promise<readonly string[]> {
  const uploaded: string[] = [];
  for (const dataset of demoDatasets()) {
    const url = `${api.url}/api/v1/datasets/${dataset.name}`;
    const request = { headers: { 'x-api-key': api.key }, ...(signal && { signal }) };
    if (await exists(url, request)) continue;
    await upload(url, dataset, request);
    uploaded.push(dataset.name);
  }
  return uploaded;
}

interface Request {
  headers: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

async function exists(url: string, request: Request): Promise<boolean> {
  const response = await fetch(url, request);
  if (response.status === 404) {
    await response.body?.cancel();
    return false;
  }
  await expectSuccess(response, url);
  return true;
}

async function upload(url: string, dataset: DemoDataset, request: Request): Promise<void> {
  const response = await fetch(`${url}/content`, {
    ...request,
    method: 'PUT',
    headers: { ...request.headers, 'content-type': dataset.contentType },
    body: Readable.toWeb(dataset.content()),
    duplex: 'half',
  });
  await expectSuccess(response, `${url}/content`);
}

async function expectSuccess(response: Response, url: string): Promise<void> {
  const text = await response.text();
  if (!response.ok) throw new LaunchError(`Demo data could not be loaded: ${url} answered ${response.status}: ${text}`);
}
