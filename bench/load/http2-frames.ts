/**
 * As much of HTTP/2 (RFC 9113) and HPACK (RFC 7541) as a load needs to make unary gRPC calls from bytes prepared
 * beforehand: a request is one header block that is always the same, and one message.
 */

export const frameTypes = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
} as const;

export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const;

export const frameHeaderBytes = 9;

/** What a client says first: the preface, an initial window of 1 GiB a stream, and the same for the connection. */
export function clientPreface(): Buffer {
  const window = Buffer.alloc(6);
  window.writeUInt16BE(4, 0);
  window.writeUInt32BE(0x4000_0000, 2);
  const more = Buffer.alloc(4);
  more.writeUInt32BE(0x4000_0000 - 65_535, 0);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
    frame(frameTypes.settings, 0, 0, window),
    frame(frameTypes.windowUpdate, 0, 0, more),
  ]);
}

export function frame(type: number, frameFlags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.byteLength);
  bytes.writeUIntBE(payload.byteLength, 0, 3);
  bytes[3] = type;
  bytes[4] = frameFlags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, frameHeaderBytes);
  return bytes;
}

/** The headers of a unary call to `path`, none of them entered into the receiver's table. */
export function requestHeaders(path: string, authority: string): Buffer {
  return Buffer.concat([
    // Of the static table: `:method: POST`, `:scheme: http`.
    Buffer.from([0x83, 0x86]),
    Buffer.from([0x04]),
    literal(path),
    Buffer.from([0x01]),
    literal(authority),
    Buffer.from([0x0f, 0x10]),
    literal('application/grpc'),
    Buffer.from([0x00]),
    literal('te'),
    literal('trailers'),
  ]);
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length > 126) throw new Error(`"${text}" is longer than one byte of length says`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** A call: its headers and its message in frames whose stream is to be written at the two places given. */
export interface PreparedCall {
  readonly bytes: Buffer;
  readonly streamAt: readonly [number, number];
}

export function prepareCall(headers: Uint8Array, message: Uint8Array): PreparedCall {
  const prefixed = Buffer.allocUnsafe(5 + message.byteLength);
  prefixed[0] = 0;
  prefixed.writeUInt32BE(message.byteLength, 1);
  prefixed.set(message, 5);
  const first = frame(frameTypes.headers, flags.endHeaders, 0, headers);
  const bytes = Buffer.concat([first, frame(frameTypes.data, flags.endStream, 0, prefixed)]);
  return { bytes, streamAt: [5, first.length + 5] };
}

/** Calls back with each whole frame of a stream of bytes; the payload is valid during the call only. */
export function createFrameReader(
  onFrame: (type: number, frameFlags: number, stream: number, payload: Buffer) => void,
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + frameHeaderBytes <= bytes.length) {
      const end = at + frameHeaderBytes + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
      onFrame(bytes[at + 3]!, bytes[at + 4]!, stream, bytes.subarray(at + frameHeaderBytes, end));
      at = end;
    }
    rest = bytes.subarray(at);
  };
}
