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

/** What either side may send on a connection before it is given more. */
export const firstWindowBytes = 65_535;

/**
 * What a client says first: the preface, an initial window of 1 GiB a stream, and the same for the connection.
 * `plainHeaders`: the server is to enter no header into a table, so that each block of headers can be read by itself.
 */
export function clientPreface(plainHeaders = false): Buffer {
  const more = Buffer.alloc(4);
  more.writeUInt32BE(0x4000_0000 - firstWindowBytes, 0);
  const settings = [setting(4, 0x4000_0000), ...(plainHeaders ? [setting(1, 0)] : [])];
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
    frame(frameTypes.settings, 0, 0, Buffer.concat(settings)),
    frame(frameTypes.windowUpdate, 0, 0, more),
  ]);
}

function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt32BE(value, 2);
  return bytes;
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

/** The headers of a unary call to `path`, none of them entered into the receiver's table. `more`: names in lower case. */
export function requestHeaders(path: string, authority: string, more: Readonly<Record<string, string>> = {}): Buffer {
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
    ...Object.entries(more).flatMap(([name, value]) => [Buffer.from([0x00]), literal(name), literal(value)]),
  ]);
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length > 126) throw new Error(`"${text}" is longer than one byte of length says`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** A call: its headers and its message in frames whose stream is to be written at the places given. */
export interface PreparedCall {
  readonly bytes: Buffer;
  readonly streamAt: readonly number[];
  /** Of the message's frames: so much of the receiver's window it takes. */
  readonly dataBytes: number;
  /** Makes each call another one: writes into its bytes just before they are sent. */
  readonly stamp?: (bytes: Buffer) => void;
}

/** A frame's payload has no more, unless the receiver says that it takes more. */
const maxPayloadBytes = 16_384;

export function prepareCall(headers: Uint8Array, message: Uint8Array): PreparedCall {
  const prefixed = Buffer.allocUnsafe(5 + message.byteLength);
  prefixed[0] = 0;
  prefixed.writeUInt32BE(message.byteLength, 1);
  prefixed.set(message, 5);
  const frames = [frame(frameTypes.headers, flags.endHeaders, 0, headers)];
  for (let at = 0; at < prefixed.length; at += maxPayloadBytes) {
    const isLast = at + maxPayloadBytes >= prefixed.length;
    const payload = prefixed.subarray(at, at + maxPayloadBytes);
    frames.push(frame(frameTypes.data, isLast ? flags.endStream : 0, 0, payload));
  }
  let end = 0;
  const streamAt = frames.map(({ length }) => {
    end += length;
    return end - length + 5;
  });
  return { bytes: Buffer.concat(frames), streamAt, dataBytes: prefixed.length };
}

const noBytes = Buffer.alloc(0);

/** Calls back with each whole frame of a stream of bytes; payload and chunk are valid during the call only. */
export function createFrameReader(
  onFrame: (type: number, frameFlags: number, stream: number, payload: Buffer) => void,
): (chunk: Buffer) => void {
  let rest: Buffer = noBytes;
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
    rest = at === bytes.length ? noBytes : Buffer.from(bytes.subarray(at));
  };
}
