/**
 * What time it is, for all processes alike: every time that one process writes and another compares with must be read from here,
 * or be `now()` in SQL. A port, so that tests can live through a year in a second.
 */
export abstract class Clock {
  /** The present moment, to the millisecond. */
  abstract now(): Date;
}

/** The time of this process alone. */
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}
