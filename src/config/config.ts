/** Everything that can be configured, parsed once from the environment and frozen. Seconds, bytes and counts as named. */
export abstract class Config {
  abstract readonly version: string;
  abstract readonly http: {
    readonly host: string;
    readonly port: number;
    /** Base of absolute links, without a trailing slash. */
    readonly publicUrl: string;
    readonly bodyLimitBytes: number;
    /** How long an upload may stand still before its connection is cut. */
    readonly uploadStallSeconds: number;
    /** Longest time that `Prefer: wait` may hold a request, in seconds. */
    readonly waitCapSeconds: number;
    /** How long an API goes on answering after it was told to stop. */
    readonly drainSeconds: number;
    readonly corsOrigins: readonly string[];
    /** How many proxies stand before the service and say in `X-Forwarded-For` whom they speak for. */
    readonly trustedProxies: number;
  };
  abstract readonly auth: {
    /** Off only where nobody but this machine can connect. */
    readonly enabled: boolean;
    /** Value of an admin key that exists from the start. */
    readonly bootstrapKey: string | undefined;
    readonly oidc: OidcConfig | undefined;
    /** Whether Swagger UI has the bootstrap key filled in. Only where nobody but this machine can connect. */
    readonly docsAuthorized: boolean;
  };
  /** What an owner may use unless something else was set for it. */
  abstract readonly limits: OwnerLimits;
  abstract readonly audit: { readonly retentionSeconds: number };
  abstract readonly log: { readonly level: string };
  abstract readonly database: { readonly url: string; readonly poolSize: number };
  abstract readonly redis: { readonly url: string };
  abstract readonly storage: StorageConfig;
  abstract readonly worker: {
    readonly host: string;
    readonly port: number;
    /** Reports, exports and renders, as many of each, worked on at the same time by one worker process. */
    readonly concurrency: number;
    readonly drainSeconds: number;
    /** Runs that are expected to take longer leave one place of a worker to others, where it has two. */
    readonly longRunSeconds: number;
  };
  abstract readonly runs: {
    /** A worker that has not renewed its lease of a run for so long is lost; of events that it has in hand likewise. */
    readonly leaseSeconds: number;
    readonly sweepSeconds: number;
    readonly timeoutSeconds: number;
    readonly maxAttempts: number;
    readonly retryDelaySeconds: number;
    readonly resultTtlSeconds: number;
    readonly historySeconds: number;
    readonly idempotencySeconds: number;
    readonly linkTtlSeconds: number;
  };
  abstract readonly engine: {
    readonly memoryMb: number;
    readonly threads: number;
    readonly spillMb: number;
  };
  abstract readonly datasets: {
    readonly maxUnpackedBytes: number;
    readonly concurrentImports: number;
    readonly cacheMb: number;
  };
  abstract readonly exports: {
    /** What FetchtoZip's routes fetch when a client does not name a source. */
    readonly sourceUrl: string | undefined;
    /** Values of request headers by the name that clients give; never stored, logged or shown. */
    readonly secrets: Readonly<Record<string, ExportSecret>>;
    /** By the name that clients give. */
    readonly databases: Readonly<Record<string, ExportDatabase>>;
    /** Whether clients may give a connection URL of their own. */
    readonly allowDatabaseUrl: boolean;
    /** Secret that database URLs of clients are encrypted with before they are kept; there when they are allowed. */
    readonly sealKey: string | undefined;
    /** Largest page of an HTTP source, unpacked. */
    readonly maxPageBytes: number;
    /** Most pages of one export. */
    readonly maxPages: number;
  };
  /** Private hosts that requests of sources may go to: `host`, `host:port`, an address or a CIDR range. */
  abstract readonly outbound: { readonly allow: readonly string[] };
  /** Of a server that is not AWS; credentials are the SDK's own. */
  abstract readonly sqs: { readonly endpoint: string | undefined; readonly region: string };
  abstract readonly intake: {
    /** FIFO queues; without an input queue a Bull queue and a table play them. */
    readonly queueUrl: string | undefined;
    readonly outputQueueUrl: string | undefined;
    readonly deadLetterQueueUrl: string | undefined;
    /** Bucket by value of `field`, until an owner sets routes of its own. */
    readonly routes: Readonly<Record<string, string>>;
    readonly field: string;
    readonly retentionSeconds: number;
  };
  abstract readonly events: {
    /** Queue that the events of runs and documents are sent to as well. */
    readonly queueUrl: string | undefined;
    readonly retentionSeconds: number;
  };
  abstract readonly webhooks: {
    /** Encrypts the secrets of endpoints; without it there are no endpoints, only callback URLs without a signature. */
    readonly sealKey: string | undefined;
    readonly timeoutSeconds: number;
  };
  abstract readonly retention: {
    /** Newest versions of a dataset that are kept, beside those that runs need. */
    readonly datasetVersions: number;
    /** Most results of one owner, and most bytes of them with their files; 0 = no limit. */
    readonly resultCount: number;
    readonly resultBytes: number;
    /** What is done with stored files that nothing refers to. */
    readonly orphans: {
      readonly sweep: 'remove' | 'report' | 'off';
      readonly everySeconds: number;
      /** Younger ones may be about to be referred to. */
      readonly graceSeconds: number;
    };
  };
  abstract readonly results: { readonly pageCacheMb: number };
  /** Folder for temporary files; may be lost at any moment. */
  abstract readonly scratchDir: string;
  abstract readonly catalogueDir: string;
}

/** Value of a request header. */
export interface ExportSecret {
  readonly value: string;
  /** Who may get it, as in `common/host-rule.ts`. */
  readonly hosts: readonly string[];
  /** Who may use it; `*` for everybody. */
  readonly owners: readonly string[];
}

/** A database that exports may read. */
export interface ExportDatabase {
  readonly url: string;
  /** Who may use it; `*` for everybody. */
  readonly owners: readonly string[];
}

/** An issuer of tokens (OpenID Connect) whose callers are let in. */
export interface OidcConfig {
  /** As it stands in `iss`. */
  readonly issuer: string;
  readonly audience: string;
  /** Where its public keys are; otherwise its discovery document says. */
  readonly jwksUrl: string | undefined;
  /** Claim that names the owner. */
  readonly ownerClaim: string;
  /** Claim with the scopes: a list, or one text with spaces between them. */
  readonly scopeClaim: string;
  readonly clockSkewSeconds: number;
}

/** What an owner may use. Counts, bytes and seconds as named. */
export interface OwnerLimits {
  /** Runs that are worked on at once; more of them wait. */
  readonly running: number;
  /** Runs that wait or are worked on; more are refused. */
  readonly queued: number;
  /** Rows of one result. */
  readonly rows: number;
  /** Bytes of one result, and of one file rendered from it. */
  readonly bytes: number;
  /** Longest time of a run. */
  readonly runSeconds: number;
  /** Bytes of one upload. */
  readonly uploadBytes: number;
  /** Bytes kept: datasets, results and files. */
  readonly storedBytes: number;
  readonly requestsPerMinute: number;
}

export type StorageConfig =
  | { readonly driver: 'local'; readonly root: string; readonly signingKey: string }
  | {
      readonly driver: 's3';
      readonly bucket: string;
      readonly region: string;
      readonly endpoint: string | undefined;
      /** Host that presigned links name, when clients reach the bucket under another one than the service does. */
      readonly publicEndpoint: string | undefined;
      readonly forcePathStyle: boolean;
      readonly prefix: string;
      readonly serverSideEncryption: 'AES256' | 'aws:kms' | undefined;
      readonly kmsKeyId: string | undefined;
    };
