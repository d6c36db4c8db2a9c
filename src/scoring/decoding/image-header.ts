/** What the first bytes of an image say of it, without decoding anything. */

export const imageFormats = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const;

export type ImageFormat = (typeof imageFormats)[number];

export interface ImageSize {
  /** In pixels, as stored: before a turn by EXIF. */
  readonly width: number;
  readonly height: number;
}

/** By its magic bytes; undefined: none of those that are read. */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  if (startsWith(bytes, 'ff d8 ff')) return 'jpeg';
  if (startsWith(bytes, '89 50 4e 47 0d 0a 1a 0a')) return 'png';
  if (textAt(bytes, 0, 6) === 'GIF87a' || textAt(bytes, 0, 6) === 'GIF89a') return 'gif';
  if (textAt(bytes, 0, 4) === 'RIFF' && textAt(bytes, 8, 4) === 'WEBP') return 'webp';
  if (startsWith(bytes, '49 49 2a 00') || startsWith(bytes, '4d 4d 00 2a')) return 'tiff';
  return hasBrand(bytes, ['avif', 'avis']) ? 'avif' : undefined;
}

/** Whether it is what Apple's cameras write by default, for which sharp's packages have no decoder. */
export function isHeic(bytes: Uint8Array): boolean {
  return hasBrand(bytes, ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx']);
}

/**
 * Its size, by the header; undefined where the header does not say (AVIF and TIFF keep it deeper down) or is broken.
 * It may lie: what decodes the image has to hold to the limits too.
 */
export function sizeOf(bytes: Uint8Array, format: ImageFormat): ImageSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (format) {
    case 'jpeg':
      return jpegSize(view);
    case 'png':
      return pngSize(view, textAt(bytes, 12, 4));
    case 'gif':
      return view.byteLength < 10 ? undefined : { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    case 'webp':
      return webpSize(view, textAt(bytes, 12, 4));
    default:
      return undefined;
  }
}

/** Its first chunk (W3C PNG, 11.2.1) begins with both. */
function pngSize(view: DataView, chunk: string): ImageSize | undefined {
  if (view.byteLength < 24 || chunk !== 'IHDR') return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** The frame header (SOF0 to SOF15 but DHT, JPG and DAC) has it, behind segments that say how long they are (ITU T.81, B.2). */
function jpegSize(view: DataView): ImageSize | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    // Fill bytes may stand before a marker.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** The three kinds of WebP (RFC 9649, 2.5 to 2.7): lossy, lossless, extended. */
function webpSize(view: DataView, chunk: string): ImageSize | undefined {
  if (view.byteLength < 30) return undefined;
  if (chunk === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (chunk === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk !== 'VP8X') return undefined;
  return { width: (view.getUint32(24, true) & 0xffffff) + 1, height: (view.getUint32(26, true) >>> 8) + 1 };
}

/** A file of ISO/IEC 14496-12 that has one of these brands, as its main one or a compatible one. */
function hasBrand(bytes: Uint8Array, brands: readonly string[]): boolean {
  if (textAt(bytes, 4, 4) !== 'ftyp') return false;
  const { buffer, byteOffset, byteLength } = bytes;
  const length = Math.min(new DataView(buffer, byteOffset, byteLength).getUint32(0), byteLength, 256);
  for (let at = 8; at + 4 <= length; at += 4) if (brands.includes(textAt(bytes, at, 4))) return true;
  return false;
}

function startsWith(bytes: Uint8Array, hex: string): boolean {
  return hex.split(' ').every((pair, index) => bytes[index] === Number.parseInt(pair, 16));
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
