/** Owner of what belongs to nobody in particular: a single tenant, the demo data, messages of the intake queue. */
export const DEFAULT_OWNER = 'default';
const EVERY_OWNER = '*';

/** Whether an owner is one of those that the operator named; `*` names all. */
export const isNamed = (owners: readonly string[], owner: string): boolean =>
  owners.includes(EVERY_OWNER) || owners.includes(owner);
