import type { OpenAPIObject } from '@nestjs/swagger';
import { SCOPES, Scope } from '../../src/common/scope.js';
import type { Belongings } from './belongings.js';
import { BASE, type Client, type SendOptions } from './client.js';
import { aSchedule } from './schedules-app.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** An operation of the OpenAPI document. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  /** Scopes of which one opens it; null: open to everybody. */
  anyOf: readonly Scope[] | null;
  /** Whether it takes a body. */
  takesBody: boolean;
}

/** Every operation that the service says it has. */
export async function operationsOf(client: Client): Promise<Operation[]> {
  const { body: document } = await client.get<OpenAPIObject>(`${BASE}/openapi.json`);
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      const named = operation.security?.flatMap((requirement) => Object.values(requirement).flat());
      const anyOf = named === undefined ? null : SCOPES.filter((scope) => named.includes(scope));
      const takesBody = operation.requestBody !== undefined;
      return [{ id: operation.operationId ?? '', method: method.toUpperCase(), path, anyOf, takesBody }];
    }),
  );
}

/** For the operators of all owners: there is no other owner's thing. */
export const isAdministration = ({ anyOf }: Operation): boolean => anyOf?.join() === Scope.Admin;

const SUM = { list_a: [1], list_b: [2], target: 3 };

/** Bodies that pass every check but those of what they name; by operation. */
const BODIES: Readonly<Record<string, () => SendOptions>> = {
  createKey: () => ({ json: { name: 'another', scopes: ['reports:read'] } }),
  rotateKey: () => ({ json: {} }),
  putOwnerLimits: () => ({ json: { queued: 5000 } }),
  createDataset: () => ({ json: { name: 'another' } }),
  uploadDataset: () => ({ raw: 'id\n9\n', headers: { 'content-type': 'text/csv' } }),
  createReportDefinition: () => ({ json: { name: 'another', title: 'Another', datasets: [], sql: 'SELECT 1 AS n' } }),
  replaceReportDefinition: () => ({ json: { title: 'Other', datasets: [], sql: 'SELECT 2 AS n' } }),
  createReport: () => ({ json: { report_name: 'two-list-sum', ...SUM } }),
  createExport: () => ({ json: { source: { type: 'dataset', datasets: 'rows' }, format: 'csv' } }),
  sendMessages: () => ({ json: { id: 'another', title: 'Another', genre: 'romance' } }),
  putRoutes: () => ({ json: { field: 'genre', routes: { romance: 'romance', scifi: 'scifi' } } }),
  createSchedule: () => ({ json: aSchedule() }),
  changeSchedule: () => ({ json: { cron: '0 1 * * *' } }),
  replaceSchedule: () => ({ json: aSchedule() }),
  createWebhook: () => ({ json: { url: 'http://127.0.0.1:9/hook' } }),
  changeWebhook: () => ({ json: { description: 'changed' } }),
  rotateWebhookSecret: () => ({ json: {} }),
  'CollectionsController_create[0]': () => ({ json: {} }),
  'CollectionsController_create[1]': () => ({ json: {} }),
  'CollectionsController_create[2]': () => ({ json: {} }),
  twoListSum: () => ({ json: SUM }),
  fetchtozipAddInput: () => ({ json: { name: 'a', column: 1 } }),
  fetchtozipAddInputs: () => ({ json: [{ name: 'b', column: 2 }] }),
  fetchtozipConfigure: () => ({ json: { file_type: 'csv' } }),
};

/** What a request of the operation is sent with. Throws for one that takes a body which nobody has thought of. */
export function bodyOf({ id, takesBody }: Operation): SendOptions {
  const body = BODIES[id];
  if (body === undefined && takesBody) throw new Error(`no body is known for the operation ${id}: add one`);
  return body?.() ?? {};
}

export const MISSING = '0190c0de-0000-7000-8000-000000000000';

/** A path as a template and one with the values of its parameters; `missing` has those of nothing that ever was. */
export interface Example {
  operation: Operation;
  path: string;
  missing: string;
}

type Values = Readonly<Record<string, readonly string[]>>;

/** Values of the parameters of a path, the longest beginning that fits. Those of one path stand in parallel. */
const valuesOf = (mine: Belongings & { key: string; owner: string }): Readonly<Record<string, Values>> => ({
  [`${BASE}/keys`]: { id: [mine.key] },
  [`${BASE}/owners`]: { owner: [mine.owner] },
  [`${BASE}/datasets`]: { name: ['rows'] },
  [`${BASE}/report-definitions`]: { name: ['mine'], version: ['1'] },
  [`${BASE}/reports`]: { id: [mine.report, mine.running, mine.queued] },
  [`${BASE}/exports`]: { id: [mine.exported, mine.waiting] },
  [`${BASE}/intake/messages`]: { id: [mine.message] },
  [`${BASE}/schedules`]: { id: [mine.schedule] },
  [`${BASE}/webhooks`]: { id: [mine.webhook], delivery_id: [mine.delivery] },
  [`${BASE}/webhook-deliveries`]: { delivery_id: [mine.callback] },
  [`${BASE}/movies`]: { report_name: ['top-movies-per-rating'] },
  [`${BASE}/comments`]: { report_name: ['comments-per-year'] },
  [`${BASE}/users`]: { report_name: ['top-commenters'] },
  '/status': { report_id: [mine.stores] },
  '/download': { report_id: [mine.stores] },
  '/api/export': { task_id: [mine.task] },
});

/** The operations with real values. Throws for a parameter that nobody has thought of. */
export function examplesOf(operations: readonly Operation[], mine: Parameters<typeof valuesOf>[0]): Example[] {
  const known = Object.entries(valuesOf(mine)).toSorted(([a], [b]) => b.length - a.length);
  return operations.flatMap((operation) => {
    const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    if (names.length === 0) return [{ operation, path: operation.path, missing: operation.path }];
    const values = known.find(([beginning]) => operation.path.startsWith(`${beginning}/`))?.[1] ?? {};
    const unknown = names.filter((name) => values[name] === undefined);
    if (unknown.length > 0) throw new Error(`no value is known for {${unknown.join()}} of ${operation.path}: add one`);
    const fill = (valueOf: (name: string) => string): string =>
      operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => valueOf(name));
    const missing = fill((name) => missingFor(values[name]![0]!));
    return values[names[0]!]!.map((_, at) => {
      const path = fill((name) => values[name]![Math.min(at, values[name]!.length - 1)]!);
      return { operation, path, missing };
    });
  });
}

/** Of the same form as a value that there is. */
function missingFor(value: string): string {
  if (/^\d+$/.test(value)) return value;
  return /^[\da-f]{8}-/.test(value) ? MISSING : 'no-such-thing';
}

/** They make what they name, in the caller's own name space. */
const MAKES = ['uploadDataset', 'replaceReportDefinition'];
/** They run what ships with the service and belongs to all. */
const SHARED = /^\/api\/v1\/(movies|comments|users)\//;

/** Whether the path names something that belongs to an owner, and that others cannot see. */
export const isOwned = ({ operation, path }: Example): boolean =>
  path !== operation.path && !isAdministration(operation) && !MAKES.includes(operation.id) && !SHARED.test(path);
