/** Below the folder of a session; gone after it. */
export const SPILL_FOLDER = 'spill';
