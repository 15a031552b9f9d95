import { vi } from 'vitest';
import { S3Storage } from '../../src/storage/drivers/s3.js';
import { startLocalService } from './local-subject.js';
import { s3Config, S3RVER_CREDENTIALS, startLinkServer } from './s3-subject.js';
import { signedLinkContract } from './signed-link.contract.js';

for (const [name, value] of Object.entries(S3RVER_CREDENTIALS)) vi.stubEnv(name, value);

signedLinkContract('local', startLocalService);

signedLinkContract('s3', async () => {
  const server = await startLinkServer('links');
  const storage = new S3Storage(s3Config({ bucket: 'links', endpoint: server.endpoint, prefix: 'tenant/' }));
  return {
    storage,
    close: async () => {
      storage.onApplicationShutdown();
      await server.stop();
    },
  };
});
