import { describe, expect, it } from 'vitest';
import { parseLocalSettings } from './settings.js';

describe('parseLocalSettings', () => {
  it('has a default for everything', () => {
    expect(parseLocalSettings({ PORT: '' })).toEqual({
      dataDir: './data',
      host: '127.0.0.1',
      port: undefined,
      workerPort: undefined,
      databaseUrl: undefined,
      redisUrl: undefined,
      demoData: true,
      environment: {},
    });
  });

  it('names every variable that cannot be used, and not its value', () => {
    const parse = () => parseLocalSettings({ PORT: 'here', DEMO_DATA: 'perhaps' });
    expect(parse).toThrow(/PORT: [^]*DEMO_DATA: /);
    expect(parse).not.toThrow(/here|perhaps/);
  });
});
