/** Work that is the same is done once among processes, as `scoring/stages/join.ts` does it within one. */
export interface SharedFlight {
  /**
   * Does work that no other process is at, or waits until the other is done and takes what it found. Where that can't be
   * known, or takes too long, everyone works alone: the same is then done twice, and nothing is lost.
   * @throws the signal's reason, and what the work fails with.
   */
  share<Result>(key: string, flight: Flight<Result>): Promise<Result>;
  close(): void;
}

export interface Flight<Result> {
  /** What another process has found by now; undefined: nothing. Its errors count as nothing. */
  found(): Promise<Result | undefined>;
  work(): Promise<Result>;
  /** Resolves when others find what the work found. Nobody waits for it but they. */
  settled?(): Promise<void>;
  /** Milliseconds since 1970: who has little time left spends at most half of it waiting for another. */
  readonly deadlineMillis?: number;
  readonly signal?: AbortSignal | undefined;
}
