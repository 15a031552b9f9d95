/** Prints what a test has measured, for the table of faults in docs/operations.md. */
export function tell(what: string, figures: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);
}
