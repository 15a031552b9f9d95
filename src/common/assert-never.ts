/** Ends a `switch` over a union: a new member fails the type check here. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}
