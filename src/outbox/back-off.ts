const FIRST_SECONDS = 1;
const LONGEST_SECONDS = 300;
/** So much of the pause is left to chance, so that what failed together does not come back together. */
const JITTER = 0.25;

/** Seconds until the next try after so many failures before this one: 1, 2, 4, ... 300, more or less a quarter. */
export function backOffSeconds(failuresBefore: number, random: () => number = Math.random): number {
  const pause = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** failuresBefore);
  return pause * (1 + JITTER * (2 * random() - 1));
}
