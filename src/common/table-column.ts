/**
 * A column of a result. `type` is its SQL type as the query engine names it; `json` says how its values stand in JSON:
 * integers and decimals that a double cannot hold exactly are strings, in the whole column, so that a client can rely on it.
 */
export interface TableColumn {
  name: string;
  type: string;
  json: JsonForm;
}

export const JsonForm = { Number: 'number', String: 'string', Boolean: 'boolean', Value: 'value' } as const;
export type JsonForm = (typeof JsonForm)[keyof typeof JsonForm];
