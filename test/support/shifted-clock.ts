/** Loaded before everything else (`node --import`): the process lives CLOCK_SHIFT_MS after the others, or before them. */
const Real = globalThis.Date;
const shiftMs = Number(process.env['CLOCK_SHIFT_MS']);

globalThis.Date = new Proxy(Real, {
  construct: (target, given, newTarget) =>
    // What `new` gives is an object.
    Reflect.construct(target, given.length === 0 ? [target.now() + shiftMs] : given, newTarget) as object,
  apply: (target) => new target(target.now() + shiftMs).toString(),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + shiftMs : (Reflect.get(target, name, receiver) as unknown),
});
