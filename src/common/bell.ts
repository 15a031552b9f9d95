/** Lets one waiter sleep until something happened. A ring before the wait is not lost. */
export class Bell {
  private rang = false;
  private wake: () => void = () => undefined;

  ring(): void {
    this.rang = true;
    this.wake();
  }

  /** True as soon as it rings, false after so many milliseconds of silence; without a number it is patient for ever. */
  async rung(milliseconds?: number): Promise<boolean> {
    if (!this.rang) {
      await new Promise<void>((resolve) => {
        const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const { rang } = this;
    this.rang = false;
    return rang;
  }
}
