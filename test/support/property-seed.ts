import fc from 'fast-check';

/** The same cases in every run, so that a red test is the doing of the change. `FAST_CHECK_SEED=random` tries others. */
const FIXED = 20_261_121;

const wanted = process.env['FAST_CHECK_SEED'] ?? String(FIXED);
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
