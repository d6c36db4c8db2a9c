/** A tenant's clock: it goes by its events. */
export interface Clock {
  /** The greatest event time seen, in microseconds since 1970; 0 before the first event. */
  lastOccurredAtMicros: number;
}
