/** What every event has besides its payload, read once, as plain values. */
export interface Occasion {
  occurredAtMicros: number;
  /** -1: the event names nobody. */
  person: number;
  userId: string;
  visitorId: string;
  /** '': the event names none. */
  sessionKey: string;
  /** The field number of the payload in `palate.event.v1.Event`. */
  eventType: number;
}
