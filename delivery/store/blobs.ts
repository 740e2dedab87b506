/** A place for named pieces of data: a folder, or a bucket. A name is lower-case words with `/`, `-`, `.` and `_` between. */
export interface Blobs {
  /** For messages: where it is. */
  readonly place: string;
  /** What is kept under a name; undefined if there is nothing. */
  read(name: string, options?: BlobOptions): Promise<Buffer | undefined>;
  /** Keeps data under a name: all of it, or what was there before. */
  write(name: string, data: Buffer, options?: WriteOptions): Promise<void>;
  /** When a name was last written; undefined if there is nothing. */
  writtenAt(name: string, options?: BlobOptions): Promise<Date | undefined>;
  /** Every name that begins so; all of them, or it throws. */
  list(prefix: string, options?: BlobOptions): Promise<readonly Blob[]>;
  /** Forgets a name; there need not be one. */
  remove(name: string, options?: BlobOptions): Promise<void>;
}

export interface BlobOptions {
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends BlobOptions {
  /** Whether what is there already stays as it is. @default false */
  readonly ifAbsent?: boolean;
}

/** A name that something is kept under. */
export interface Blob {
  readonly name: string;
  readonly writtenAt: Date;
}
