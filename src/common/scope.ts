/** What a key or token may do. A route names those that open it; one of them is enough. */
export const Scope = {
  /** Reports, exports, their results, definitions, datasets and schedules: looking only. */
  ReportsRead: 'reports:read',
  /** Starting, cancelling and deleting reports, and their schedules. */
  ReportsRun: 'reports:run',
  /** The same for exports. */
  ExportsRun: 'exports:run',
  DatasetsWrite: 'datasets:write',
  DefinitionsWrite: 'definitions:write',
  WebhooksWrite: 'webhooks:write',
  IntakeWrite: 'intake:write',
  /** Everything its owner may do; and keys, limits and the audit of all owners. */
  Admin: 'admin',
} as const;

export type Scope = (typeof Scope)[keyof typeof Scope];

export const SCOPES: readonly [Scope, ...Scope[]] = [
  Scope.ReportsRead,
  Scope.ReportsRun,
  Scope.ExportsRun,
  Scope.DatasetsWrite,
  Scope.DefinitionsWrite,
  Scope.WebhooksWrite,
  Scope.IntakeWrite,
  Scope.Admin,
];

/** Those of the texts that are scopes, each once: an issuer, or a later version of the service, may know others. */
export const scopesAmong = (texts: readonly string[]): Scope[] => SCOPES.filter((scope) => texts.includes(scope));

/** Whether `held` opens what one of `anyOf` opens. */
export const isAllowed = (held: ReadonlySet<Scope>, anyOf: readonly Scope[]): boolean =>
  held.has(Scope.Admin) || anyOf.some((scope) => held.has(scope));
