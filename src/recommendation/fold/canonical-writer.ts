/** Writes values as bytes that are the same for the same values everywhere, and hashes them as they come. */
import { createHash } from 'node:crypto';

const bufferBytes = 65_536;
const encoder = new TextEncoder();

export class CanonicalWriter {
  readonly #hash = createHash('sha256');
  readonly #bytes = new Uint8Array(bufferBytes);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** 8 bytes, IEEE 754, big-endian; there is one NaN, and -0 is 0. */
  number(value: number): void {
    if (this.#length + 8 > bufferBytes) this.#flush();
    this.#view.setFloat64(this.#length, Number.isNaN(value) ? Number.NaN : value + 0);
    this.#length += 8;
  }

  /** Its length in bytes and its UTF-8. */
  text(value: string): void {
    if (this.#length + 8 + value.length * 3 > bufferBytes) this.#flush();
    if (8 + value.length * 3 > bufferBytes) {
      this.number(Buffer.byteLength(value));
      this.#flush();
      this.#hash.update(value, 'utf8');
      return;
    }
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(this.#length + 8));
    this.number(written);
    this.#length += written;
  }

  /** How many, then each. */
  list<T>(values: readonly T[], write: (value: T) => void): void {
    this.number(values.length);
    for (const value of values) write(value);
  }

  /** Whether there is one, then it. */
  optional<T>(value: T | undefined, write: (value: T) => void): void {
    this.number(value === undefined ? 0 : 1);
    if (value !== undefined) write(value);
  }

  /** SHA-256 of all that was written: 64 lower-case hexadecimal digits. The writer is spent. */
  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    if (this.#length > 0) this.#hash.update(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }
}
