/** Lets one waiter sleep until something happened. A ring before the wait is not lost. */
export class Bell {
  private rang = false;
  private wake: () => void = () => undefined;

  ring(): void {
    this.rang = true;
    this.wake();
  }

  /** True as soon as it rings, false after so many milliseconds of silence. */
  async rung(milliseconds: number): Promise<boolean> {
    if (!this.rang) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
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
