/** Something that the person at the terminal can act on: shown as its message alone, without a stack. */
export class LaunchError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = LaunchError.name;
  }
}
