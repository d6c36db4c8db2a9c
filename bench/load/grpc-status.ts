/**
 * Finds the status of a gRPC call in a block of headers (HPACK, RFC 7541) without decoding the block: where the server
 * keeps no table, every header stands there as its name and its value, each as text or in the code of Appendix B.
 */

/** Of the letters of the names looked for: code and bits. */
const huffmanCodes: Readonly<Record<string, readonly [number, number]>> = {
  '-': [0x16, 6],
  a: [0x3, 5],
  b: [0x23, 6],
  c: [0x4, 5],
  d: [0x24, 6],
  e: [0x5, 5],
  g: [0x26, 6],
  i: [0x6, 5],
  l: [0x28, 6],
  n: [0x2a, 6],
  p: [0x2b, 6],
  r: [0x2c, 6],
  s: [0x8, 5],
  t: [0x9, 5],
  u: [0x2d, 6],
};

const isHuffman = 0x80;

/** A name as it stands in a block: its length, then its code, filled up with ones. */
function encoded(name: string): Buffer {
  let bits = '';
  for (const letter of name) {
    const [code, length] = huffmanCodes[letter]!;
    bits += code.toString(2).padStart(length, '0');
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  const bytes = bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2));
  return Buffer.from([isHuffman | bytes.length, ...bytes]);
}

const statusName = encoded('grpc-status');
const detailsName = encoded('grpc-status-details-bin');

export interface GrpcStatus {
  readonly code: number;
  /** Whether a `google.rpc.Status` came with it. */
  readonly hasDetails: boolean;
}

/** Undefined: the block has no status, or it is written in a way that is not looked for. */
export function statusIn(block: Buffer): GrpcStatus | undefined {
  const found = block.indexOf(statusName);
  if (found < 0) return undefined;
  const at = found + statusName.length;
  // A number of one or two digits is no shorter in the code, so it stands as text.
  const code = Number(block.toString('latin1', at + 1, at + 1 + (block[at] ?? 0)));
  return Number.isInteger(code) ? { code, hasDetails: block.includes(detailsName) } : undefined;
}
