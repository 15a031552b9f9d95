const ROW_STEP = 2048;
/** The writer holds a row group of every column in memory: this many values fit beside the rest of a query. */
const VALUES_PER_GROUP = 4_000_000;
/** Beyond, larger groups fill the memory: with 256 MB, 8,192 rows of 800 columns of text took 52 s in groups of 4,096 and 1 to 3 s so. */
const MAX_COLUMNS_OF_LARGE_GROUP = 256;

/** Rows of a Parquet row group for a table of so many columns: `most`, or less for a wide one; a multiple of 2,048. */
export function rowsPerGroup(columns: number, most: number): number {
  if (columns > MAX_COLUMNS_OF_LARGE_GROUP) return ROW_STEP;
  const fitting = Math.floor(VALUES_PER_GROUP / columns / ROW_STEP) * ROW_STEP;
  return Math.max(ROW_STEP, Math.min(most, fitting));
}
