/** What every event has besides its payload, read once, as plain values. */
export interface Occasion {
  occurredAtMicros: number;
  /** -1: the event names nobody. */
  person: number;
  /** '': none, or the payload is of a type that does not ask. */
  userId: string;
  visitorId: string;
  /** The number of the session's id, see `SessionIndex.keyNumber`; -1: the event names none. */
  sessionKey: number;
  /** The field number of the payload in `palate.event.v1.Event`. */
  eventType: number;
}
