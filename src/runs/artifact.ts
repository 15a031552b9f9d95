/** One file rendered from a result. `size` in bytes, `sha256` in hex, `key` in storage. */
export interface NewArtifact {
  id: string;
  format: string;
  key: string;
  fileName: string;
  contentType: string;
  size: number;
  sha256: string;
}
