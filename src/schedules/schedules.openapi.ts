import type { OpenAPIObject } from '@nestjs/swagger';
import { bodySchema } from '../platform/http/body-schema.js';
import { schedulePatchSpec, scheduleSpec } from './schedule-spec.js';

const PATH = '/api/v1/schedules';
const CREATE = 'CreateSchedule';
const CHANGE = 'ChangeSchedule';

/** Requests that work as they are against `npm start`. */
const EXAMPLES = {
  report: {
    summary: 'A report every morning of a working day, over yesterday',
    value: {
      name: 'comments of yesterday',
      cron: '0 6 * * 1-5',
      time_zone: 'Europe/Berlin',
      kind: 'report',
      body: { report_name: 'top-commenters', commented_at: { $gte: 'now-1d/d', $lt: 'now/d' }, format: 'csv' },
    },
  },
  export: {
    summary: 'An export on the first of every month, over the month before',
    value: {
      name: 'comments of the month',
      cron: '30 2 1 * *',
      time_zone: 'America/New_York',
      kind: 'export',
      body: {
        source: { type: 'dataset', datasets: 'comments' },
        filter: { date: { $gte: 'now-1M/M', $lt: 'now/M' } },
        format: 'xlsx',
      },
      misfire: 'run_once',
      overlap: 'queue',
    },
  },
};
const CHANGES = { times: { summary: 'Every ten seconds instead', value: { cron: '*/10 * * * * *' } } };

/** Adds the schemas that bodies of schedules are checked with, and examples. */
export function describeSchedules(document: OpenAPIObject): OpenAPIObject {
  const item = document.paths[`${PATH}/{id}`];
  const operations = [document.paths[PATH]?.post, item?.put, item?.patch];
  for (const [index, operation] of operations.entries()) {
    if (!operation) throw new Error(`the OpenAPI document lacks an operation of ${PATH}`);
    const [name, examples] = index < 2 ? [CREATE, EXAMPLES] : [CHANGE, CHANGES];
    operation.requestBody = {
      required: true,
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` }, examples: { ...examples } } },
    };
  }
  const schemas = { [CREATE]: bodySchema(scheduleSpec), [CHANGE]: bodySchema(schedulePatchSpec) };
  document.components = { ...document.components, schemas: { ...document.components?.schemas, ...schemas } };
  return document;
}
