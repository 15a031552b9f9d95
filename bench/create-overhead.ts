import autocannon from 'autocannon';
import { row, table } from './report.js';
import { CREDENTIAL, type Servers } from './servers.js';

const CALLERS = 50;
const SECONDS = 10;
const BODY = JSON.stringify({ report_name: 'two-list-sum', list_a: [1, 2, 3], list_b: [4, 7, 9], target: 10 });

/** POST /reports to 202 beside the least that it can be, with no worker running. */
export async function benchCreateOverhead(servers: Servers): Promise<string> {
  const api = await servers.run(['dist/main.js'], { probe: '/health/ready' });
  const ours = await fire(api.url);
  await api.child.stop();
  const bare = await servers.run(['scripts/run-typescript.ts', 'bench/bare-app.ts'], { probe: '/health' });
  const least = await fire(bare.url);
  await bare.child.stop();
  const show = (name: string, result: autocannon.Result): string =>
    row(
      name,
      `${result.requests.average.toFixed(0)}/s`,
      `${String(result.latency.p50)} ms`,
      `${String(result.latency.p99)} ms`,
    );
  return table(`POST /reports to 202, ${String(CALLERS)} callers, ${String(SECONDS)} s (throughput, p50, p99)`, [
    show('Longhaul', ours),
    show('bare Nest + Prisma insert + Bull add', least),
    row('ratio of throughput', (ours.requests.average / least.requests.average).toFixed(2)),
  ]);
}

async function fire(url: string): Promise<autocannon.Result> {
  const options: autocannon.Options = {
    url: `${url}/api/v1/reports`,
    method: 'POST',
    headers: { ...CREDENTIAL, 'content-type': 'application/json' },
    body: BODY,
    connections: CALLERS,
  };
  await autocannon({ ...options, duration: 3 });
  const result = await autocannon({ ...options, duration: SECONDS });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${String(result.non2xx + result.errors)} requests failed`);
  return result;
}
