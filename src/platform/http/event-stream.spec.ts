import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientGone } from './event-stream.js';

const aResponse = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

describe('a client', () => {
  it('is there until it goes', async () => {
    const response = aResponse();
    const gone = clientGone(response);
    expect(gone.aborted).toBe(false);
    response.destroy();
    await expect.poll(() => gone.aborted).toBe(true);
  });

  it('that went before anybody asked is gone', async () => {
    const response = aResponse();
    response.destroy();
    await expect.poll(() => response.closed).toBe(true);
    expect(clientGone(response).aborted).toBe(true);
  });
});
