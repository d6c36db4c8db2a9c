/**
 * Strings of short texts that were read before: names of strategies, placements, lists and currencies come again and
 * again, and a string that is there already costs no decoding, no memory and no second computation of its hash.
 */

const slots = 512;
/** Longer texts are decoded each time. */
const longest = 32;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class TextCache {
  readonly #strings: string[] = new Array<string>(slots).fill('');
  readonly #lengths = new Uint8Array(slots);
  readonly #bytes = new Uint8Array(slots * longest);

  /** The text from `from` to before `to`, which is UTF-8. */
  text(bytes: Uint8Array, from: number, to: number): string {
    const length = to - from;
    if (length === 0) return '';
    if (length > longest) return decoder.decode(bytes.subarray(from, to));
    const slot = slotOf(bytes, from, to);
    if (this.#holds(slot, bytes, from, length)) return this.#strings[slot]!;
    const text = decoder.decode(bytes.subarray(from, to));
    for (let i = 0; i < length; i++) this.#bytes[slot * longest + i] = bytes[from + i]!;
    this.#lengths[slot] = length;
    this.#strings[slot] = text;
    return text;
  }

  #holds(slot: number, bytes: Uint8Array, from: number, length: number): boolean {
    if (this.#lengths[slot] !== length) return false;
    const start = slot * longest;
    for (let i = 0; i < length; i++) if (this.#bytes[start + i] !== bytes[from + i]) return false;
    return true;
  }
}

function slotOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  return (hash ^ (hash >>> 15)) & (slots - 1);
}
