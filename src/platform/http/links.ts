import type { Request } from 'express';

export type LinkRelation = 'next' | 'prev' | 'first' | 'last';

/** Query parameters of each related page; those that there are not are left out. */
export type Links = Readonly<Partial<Record<LinkRelation, Readonly<Record<string, string | number>> | undefined>>>;

/** An RFC 8288 `Link` header: the request's own URL with other query parameters. Undefined members are left out. */
export function linkHeader(request: Request, links: Links): string {
  return Object.entries(links)
    .filter(([, query]) => query !== undefined)
    .map(([relation, query]) => {
      const url = new URL(request.originalUrl, 'http://host');
      for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value));
      return `<${url.pathname}${url.search}>; rel="${relation}"`;
    })
    .join(', ');
}

/** Links of a page of a known whole: pages count from 0. */
export function pageLinks(page: number, pageSize: number, total: number): Links {
  const last = Math.max(0, Math.ceil(total / pageSize) - 1);
  const at = (number: number): Record<string, number> => ({ page: number, page_size: pageSize });
  return {
    first: at(0),
    prev: page > 0 ? at(Math.min(page - 1, last)) : undefined,
    next: page < last ? at(page + 1) : undefined,
    last: at(last),
  };
}
