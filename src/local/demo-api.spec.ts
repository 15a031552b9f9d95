import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoApi } from './demo-api.js';
import { demoOrders, type DemoOrder } from './demo-orders.js';
import { freePort } from './free-port.js';

describe('the demo API', () => {
  let api: DemoApi;
  const ids = demoOrders().map(({ id }) => id);

  beforeAll(async () => {
    api = await DemoApi.start(await freePort());
  });

  afterAll(async () => {
    await api.stop();
  });

  const get = async (path: string): Promise<Response> => await fetch(new URL(path, api.url));

  /** Follows pages to their end; `next` says where the next one is. */
  async function follow(
    first: string,
    next: (body: never, response: Response) => string | null,
    rowsOf: (body: never) => DemoOrder[],
  ): Promise<number[]> {
    const seen: number[] = [];
    for (let url: string | null = first; url !== null;) {
      const response = await get(url);
      const body = (await response.json()) as never;
      seen.push(...rowsOf(body).map(({ id }) => id));
      url = next(body, response);
    }
    return seen;
  }

  it('gives every order once by page, offset, cursor, link and next', async () => {
    let page = 1;
    expect(
      await follow(
        '/orders?page=1',
        (rows: DemoOrder[]) => (rows.length > 0 ? `/orders?page=${String(++page)}` : null),
        (rows) => rows,
      ),
    ).toEqual(ids);
    expect(
      await follow(
        '/orders/paged?per_page=1000',
        (body: { page: number; total_pages: number }) =>
          body.page < body.total_pages ? `/orders/paged?per_page=1000&page=${String(body.page + 1)}` : null,
        (body: { data: DemoOrder[] }) => body.data,
      ),
    ).toEqual(ids);
    let offset = 0;
    expect(
      await follow(
        '/orders/offset?offset=0&limit=700',
        (body: { total: number }) =>
          (offset += 700) < body.total ? `/orders/offset?offset=${String(offset)}&limit=700` : null,
        (body: { items: DemoOrder[] }) => body.items,
      ),
    ).toEqual(ids);
    expect(
      await follow(
        '/orders/cursor',
        (body: { next_cursor: string | null }) =>
          body.next_cursor === null ? null : `/orders/cursor?cursor=${body.next_cursor}`,
        (body: { data: DemoOrder[] }) => body.data,
      ),
    ).toEqual(ids);
    expect(
      await follow(
        '/orders/link?per_page=999',
        (_, response) => /<(.+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1] ?? null,
        (rows) => rows,
      ),
    ).toEqual(ids);
    expect(
      await follow(
        '/orders/next',
        (body: { next: string | null }) => body.next,
        (body: { results: DemoOrder[] }) => body.results,
      ),
    ).toEqual(ids);
  });

  it('has CSV and NDJSON, and says what it does not have', async () => {
    const csv = await (await get('/orders.csv?page=25')).text();
    expect(csv.split('\r\n')[0]).toBe('id,ordered_at,customer,amount,currency,country,status,paid,note,city,parcels');
    expect(await (await get('/orders.csv?page=99')).text()).toBe(`${csv.split('\r\n')[0]!}\r\n`);
    expect((await (await get('/orders.ndjson')).text()).trimEnd().split('\n')).toHaveLength(100);
    expect((await get('/orders?per_page=0')).status).toBe(400);
    expect((await get('/nothing')).status).toBe(404);
  });
});
