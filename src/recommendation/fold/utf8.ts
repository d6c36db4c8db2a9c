/** The UTF-8 of strings. */

const encoder = new TextEncoder();

/** A place to write a string's UTF-8 to, so that it can be looked up as bytes are. */
export class Utf8 {
  bytes = new Uint8Array(1_024);

  /** Writes the text's UTF-8 to the front of `bytes` and answers its length. */
  encode(text: string): number {
    if (text.length * 3 > this.bytes.length) this.bytes = new Uint8Array(text.length * 6);
    const { bytes } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return encoder.encodeInto(text, bytes).written;
      bytes[i] = code;
    }
    return text.length;
  }
}
