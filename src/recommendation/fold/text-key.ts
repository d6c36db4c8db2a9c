/**
 * A text as it is looked up: its UTF-8 in words of four bytes, the last one filled up with zeros, and their hash. The
 * bytes are read once, for both; a text that is held is then compared word by word.
 */
export class TextKey {
  words = new Int32Array(256);
  /** In bytes. */
  length = 0;
  /** Over the words, mixed as in MurmurHash3 (Appleby; public domain). */
  hash = 0;

  /** Becomes the text from `from` to before `to`. */
  read(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length > this.words.length * 4) this.words = new Int32Array(length);
    const { words } = this;
    let hash = length;
    let count = 0;
    let at = from;
    for (const end = to - 3; at < end; at += 4) {
      const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      words[count++] = word;
      hash = mixed(hash, word);
    }
    if (at < to) {
      let word = bytes[at]!;
      if (at + 1 < to) word |= bytes[at + 1]! << 8;
      if (at + 2 < to) word |= bytes[at + 2]! << 16;
      words[count] = word;
      hash = mixed(hash, word);
    }
    this.length = length;
    this.hash = finished(hash);
  }
}

function mixed(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const turned = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}

function finished(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return mix ^ (mix >>> 16);
}
