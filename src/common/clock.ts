/** What time it is. A port, so that tests can live through a year in a second. */
export abstract class Clock {
  /** The present moment, to the millisecond. */
  abstract now(): Date;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}
