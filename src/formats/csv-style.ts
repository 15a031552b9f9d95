import { CsvProfile, LineEnd, type FormatOptions } from './format.js';

/** Everything that is decided about a CSV file before its rows are seen. */
export interface CsvStyle {
  delimiter: string;
  bom: boolean;
  lineEnd: LineEnd;
  nullText: string;
  neutralizeFormulas: boolean;
  /** How numbers and times are spelled. */
  spelling: CsvSpelling;
}

/**
 * `machine`: RFC 3339 times. The others as Excel knows them when it opens the file in such a locale: times as
 * `YYYY-MM-DD HH:MM:SS` in UTC, and for `excel-eu` a decimal comma.
 */
export type CsvSpelling = CsvProfile;

const MACHINE = { delimiter: ',', bom: false, lineEnd: LineEnd.Lf, neutralizeFormulas: false };
/** Without a byte order mark Excel takes the file for one of the system's old code page. */
const EXCEL = { delimiter: ',', bom: true, lineEnd: LineEnd.Crlf, neutralizeFormulas: true };

const DEFAULTS: Readonly<Record<CsvProfile, Omit<CsvStyle, 'nullText' | 'spelling'>>> = {
  [CsvProfile.Machine]: MACHINE,
  [CsvProfile.ExcelEu]: { ...EXCEL, delimiter: ';' },
  [CsvProfile.ExcelUs]: EXCEL,
};

export function csvStyle(options: FormatOptions): CsvStyle {
  const spelling = options.profile ?? CsvProfile.Machine;
  const defaults = DEFAULTS[spelling];
  return {
    spelling,
    delimiter: options.delimiter ?? defaults.delimiter,
    bom: options.bom ?? defaults.bom,
    lineEnd: options.lineEnd ?? defaults.lineEnd,
    nullText: options.nullText ?? '',
    neutralizeFormulas: options.neutralizeFormulas ?? defaults.neutralizeFormulas,
  };
}
