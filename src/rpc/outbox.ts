/** What a message costs beside its bytes while it waits: a frame, a write request, their callbacks. */
const messageOverheadBytes = 512;

/**
 * Counts what was handed to a slow writer and not yet written, and makes the producer wait above a bound. The bound is
 * passed by at most one message.
 */
export class Outbox {
  readonly #maxBytes: number;
  #unwrittenBytes = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Counts a message in. The function it returns counts it out, once it is written. */
  add(messageBytes: number): () => void {
    const bytes = messageBytes + messageOverheadBytes;
    this.#unwrittenBytes += bytes;
    return () => {
      this.#unwrittenBytes -= bytes;
      if (this.#unwrittenBytes < this.#maxBytes) this.#release();
    };
  }

  /** True where the producer must wait for `room` before the next message. */
  get full(): boolean {
    return this.#unwrittenBytes >= this.#maxBytes && !this.#closed;
  }

  /** Resolves when there is room again, or when nothing will be written any more. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Nothing will be written any more: lets a waiting producer go. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #release(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
