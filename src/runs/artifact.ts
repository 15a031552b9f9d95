/** One file rendered from a result. `size` in bytes, `sha256` in hex, `key` in storage; `warnings`: what had to be changed. */
export interface NewArtifact {
  id: string;
  format: string;
  key: string;
  fileName: string;
  contentType: string;
  size: number;
  sha256: string;
  /** Null for a file that was written before rows were counted. */
  rows: number | null;
  warnings: string[];
}
