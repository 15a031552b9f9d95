import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** Pages of records of eight fields, rendered before they are asked for. */
const PAGES = Number(process.env['UPSTREAM_PAGES']);
const PER_PAGE = Number(process.env['UPSTREAM_PER_PAGE']);

const day = (index: number): string => new Date(Date.UTC(2024, 0, 1 + (index % 700))).toISOString().slice(0, 10);
const pages = Array.from({ length: PAGES }, (_, page) => {
  const records = Array.from({ length: PER_PAGE }, (__, offset) => {
    const index = page * PER_PAGE + offset;
    return {
      id: 9_000_000_000 + index,
      customer: `Customer number ${String(index % 5000)}`,
      note: index % 11 === 0 ? 'said "yes", later' : `plain words ${String(index % 97)}`,
      weight: index / 7,
      price: (index % 100_000) / 100,
      paid: index % 3 === 0,
      ordered_on: day(index),
      changed_at: `${day(index)}T10:11:${String(10 + (index % 50))}.123Z`,
    };
  });
  return Buffer.from(JSON.stringify({ items: records, total: PAGES * PER_PAGE }));
});

/** `/records?page=1`; `delay` is the milliseconds before each answer. */
const server = createServer((request, response) => {
  void (async () => {
    const { searchParams } = new URL(request.url ?? '/', 'http://upstream');
    const latency = Number(searchParams.get('delay') ?? 0);
    if (latency > 0) await delay(latency);
    const page = pages[Number(searchParams.get('page') ?? 1) - 1] ?? Buffer.from('{"items":[],"total":0}');
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': page.length }).end(page);
  })();
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
