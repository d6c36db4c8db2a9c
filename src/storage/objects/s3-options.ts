/** What the store tells of itself. */
export interface S3Log {
  warn(fields: object, message: string): void;
}

export interface S3Options {
  readonly bucket: string;
  /** Stands before every key, without a slash at its end; '': nothing does. */
  readonly prefix: string;
  readonly region: string;
  /** `http(s)://host[:port]`; '': AWS's own for the region. */
  readonly endpoint: string;
  /** The bucket is in the path, not in the host's name. Most servers but AWS want it so. */
  readonly hasPathStyle: boolean;
  /** Undefined: where the AWS SDK looks (environment, files, the machine's role). */
  readonly credentials: S3Credentials | undefined;
  /** Makes the bucket where there is none. */
  readonly createsBucket: boolean;
  /** For one call with its retries, in milliseconds; a second more for each MiB that it moves. */
  readonly timeoutMillis: number;
  /** Tries of one call, at least 1. Between them the time doubles from 0.1 s. */
  readonly maxAttempts: number;
  /** Connections at once; more calls wait for one. */
  readonly maxConnections: number;
  readonly log: S3Log;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
