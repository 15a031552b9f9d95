import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { ValidationFailed } from '../common/errors.js';
import { decodeCursor, encodeCursor } from '../common/pagination.js';
import { callbackUrlProblem } from '../runs/callback-url.js';
import type { EndpointChange, WebhookEndpoint } from './webhook.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import { WebhookNotFound } from './webhook-errors.js';
import { WebhookSecrets } from './webhook-secrets.js';

export type EndpointRequest = Pick<WebhookEndpoint, 'url' | 'description' | 'events' | 'enabled'>;

/** With its secret, which is shown this once. */
export interface SecretEndpoint {
  endpoint: WebhookEndpoint;
  secret: string;
}

export interface EndpointPage {
  endpoints: WebhookEndpoint[];
  nextCursor: string | null;
}

/** Who is told of the events of an owner. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly secrets: WebhookSecrets,
  ) {}

  /** Throws `ValidationFailed`, or `SealKeyMissing`. */
  async create(owner: string, request: EndpointRequest): Promise<SecretEndpoint> {
    checkUrl(request.url);
    const { secret, sealed } = this.secrets.make();
    return { endpoint: await this.endpoints.create({ ...request, id: uuidv7(), owner, secret: sealed }), secret };
  }

  /** Newest first. Throws `ValidationFailed` for a cursor that is none. */
  async list(owner: string, { limit, cursor }: { limit: number; cursor: string | undefined }): Promise<EndpointPage> {
    const found = await this.endpoints.list(owner, limit + 1, cursor === undefined ? null : decodeCursor(cursor));
    const endpoints = found.slice(0, limit);
    const last = endpoints.at(-1);
    return { endpoints, nextCursor: found.length > limit && last ? encodeCursor(last) : null };
  }

  /** Throws `WebhookNotFound`. */
  async get(owner: string, id: string): Promise<WebhookEndpoint> {
    return found(id, await this.endpoints.find(owner, id));
  }

  /** Deliveries that are waiting go to the URL as it is then. Throws `WebhookNotFound`, or `ValidationFailed`. */
  async change(owner: string, id: string, change: EndpointChange): Promise<WebhookEndpoint> {
    if (change.url !== undefined) checkUrl(change.url);
    return found(id, await this.endpoints.change(owner, id, change));
  }

  /** A new secret; the old one signs too for so many seconds more. Throws `WebhookNotFound`, or `SealKeyMissing`. */
  async rotate(owner: string, id: string, overlapSeconds: number): Promise<SecretEndpoint> {
    const { secret, sealed } = this.secrets.make();
    return { endpoint: found(id, await this.endpoints.rotate({ owner, id }, sealed, overlapSeconds)), secret };
  }

  /** What is not delivered yet never will be. Throws `WebhookNotFound`. */
  async remove(owner: string, id: string): Promise<void> {
    if (!(await this.endpoints.remove(owner, id))) throw new WebhookNotFound(id);
  }
}

function found(id: string, endpoint: WebhookEndpoint | null): WebhookEndpoint {
  if (endpoint === null) throw new WebhookNotFound(id);
  return endpoint;
}

function checkUrl(url: string): void {
  const problem = callbackUrlProblem(url);
  if (problem !== null) throw ValidationFailed.at('/url', problem);
}
