import { EnvironmentInvalid } from './config/environment.js';
import { processEnvironment } from './config/process-environment.js';
import { DataFolder } from './local/data-folder.js';
import { loadDemoData } from './local/demo.js';
import { LaunchError } from './local/launch-error.js';
import { Launcher } from './local/launcher.js';
import { parseLocalSettings } from './local/settings.js';
import { aborted, onStopRequest, StopRequested } from './local/stop-request.js';

// A terminal that is gone must not keep the processes from being stopped.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const say = (line: string): void => {
  console.log(line);
};

try {
  const stop = new AbortController();
  onStopRequest((reason) => {
    stop.abort(reason);
  });
  await run(stop);
} catch (error) {
  if (!(error instanceof StopRequested)) {
    const isForPeople = error instanceof LaunchError || error instanceof EnvironmentInvalid;
    console.error(isForPeople ? error.message : error);
    process.exitCode = 1;
  }
}

/** Ends by throwing: a `StopRequested`, or what went wrong. Everything it started is stopped by then. */
async function run(stop: AbortController): Promise<never> {
  const settings = parseLocalSettings(processEnvironment());
  const folder = await DataFolder.open(settings.dataDir);
  const launcher = new Launcher({ settings, folder, stop, say });
  try {
    const leftovers = await folder.records.endLeftovers();
    if (leftovers.length > 0) say(`Ended what an earlier start left running: ${leftovers.join(', ')}.`);
    const url = await launcher.start();
    if (settings.demoData) {
      const loaded = await loadDemoData({ url, key: launcher.adminKey }, stop.signal);
      if (loaded.length > 0) say(`Loaded the demo datasets ${loaded.join(', ')}.`);
    }
    greet({ url, key: launcher.adminKey, ordersUrl: launcher.ordersUrl, folder });
    return await aborted(stop.signal);
  } finally {
    say('Stopping ...');
    await launcher.stop();
    folder.close();
  }
}

interface Greeting {
  url: string;
  key: string;
  ordersUrl: string | undefined;
  folder: DataFolder;
}

function greet({ url, key, ordersUrl, folder }: Greeting): void {
  say(`
Longhaul runs. Data and logs are in ${folder.path}; Ctrl-C stops everything.

  Swagger UI    ${url}/api/v1/docs
  API key       ${key}
  First report  curl -s '${url}/api/v1/reports?wait=30' -H 'X-API-Key: ${key}' -H 'Content-Type: application/json' -d '{"report_name":"store-uptime"}'${ordersUrl === undefined ? '' : `\n  Demo source   ${ordersUrl}, to try exports on`}
`);
}
