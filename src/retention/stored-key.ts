const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const RUN_FILE = new RegExp(`^runs/(${UUID})/.`);
const VERSION_FILE = new RegExp(`^datasets/${UUID}/(${UUID})/.`);

/** All that the service stores is below one of these. */
export const STORED_FOLDERS = ['runs/', 'datasets/'] as const;

/** Whose a stored file would be: the id is that of a run, or of a version of a dataset. */
export interface KeyOwner {
  kind: 'run' | 'version';
  id: string;
}

/** `null` for a name that the service does not give: it was put there by somebody else. */
export function ownerOfKey(key: string): KeyOwner | null {
  const run = RUN_FILE.exec(key)?.[1];
  if (run !== undefined) return { kind: 'run', id: run };
  const version = VERSION_FILE.exec(key)?.[1];
  return version === undefined ? null : { kind: 'version', id: version };
}
