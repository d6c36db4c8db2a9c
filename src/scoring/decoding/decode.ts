/** From the bytes of a photo, as they came, to the pixels that a model takes. */
import { PalateError } from '../../errors.ts';
import type { ModelInput } from '../models/manifest.ts';
import { formatOf, type ImageFormat, type ImageSize, isHeic, sizeOf } from './image-header.ts';
import { sharp } from './image-library.ts';

export interface DecodeLimits {
  /** Width times height, of the image as stored. */
  readonly maxPixels: number;
  /** Of the encoded image. */
  readonly maxBytes: number;
  /**
   * Whole seconds that decoding may take, from its beginning. Looked at between strips of the result, so that it may take
   * somewhat longer: what surely bounds the work is `maxPixels`.
   */
  readonly maxSeconds: number;
}

export const defaultLimits: DecodeLimits = { maxPixels: 50_000_000, maxBytes: 16 * 2 ** 20, maxSeconds: 10 };

export interface DecodedImage extends ImageSize {
  /** As `ModelImage` has them. */
  readonly pixels: Uint8Array;
  readonly format: ImageFormat;
}

/** What a model needs to know of its input to decode for it. */
export type DecodeTarget = Pick<ModelInput, 'size' | 'fit' | 'kernel'>;

/**
 * Decodes the first frame or page of an image: turned upright as its EXIF says, cut and resized as the model wants it,
 * in sRGB by its colour profile, transparent parts white.
 * @throws PalateError UNREADABLE, TOO_LARGE: the photo's own fault, whenever it is sent
 */
export async function decodeImage(
  bytes: Uint8Array,
  target: DecodeTarget,
  limits: DecodeLimits = defaultLimits,
): Promise<DecodedImage> {
  const format = admitted(bytes, limits);
  try {
    const size = sizeOf(bytes, format) ?? (await sizeByLibrary(bytes, limits));
    requireFewPixels(size, limits);
    return { ...size, format, pixels: await pixelsOf(bytes, target, limits) };
  } catch (error) {
    throw refusal(error, format, limits);
  }
}

/** Its format, where it is one that is read, and no more bytes than may be. */
function admitted(bytes: Uint8Array, { maxBytes }: DecodeLimits): ImageFormat {
  if (bytes.length > maxBytes) {
    throw new PalateError('TOO_LARGE', `the photo has ${bytes.length} bytes; at most ${maxBytes} are taken`);
  }
  const format = formatOf(bytes);
  if (format !== undefined) return format;
  if (bytes.length === 0) throw new PalateError('UNREADABLE', 'the photo is empty');
  const what = isHeic(bytes) ? 'HEIC, which is not read: send a JPEG' : 'no JPEG, PNG, WebP, AVIF, GIF or TIFF';
  throw new PalateError('UNREADABLE', `the photo is ${what}`);
}

function requireFewPixels({ width, height }: ImageSize, { maxPixels }: DecodeLimits): void {
  if (width * height <= maxPixels) return;
  throw new PalateError('TOO_LARGE', `the photo has ${width} × ${height} pixels; at most ${maxPixels} are taken`);
}

/** `failOn`: what is cut off or damaged is refused; what is merely odd, as many cameras write it, is not. */
function open(bytes: Uint8Array, { maxPixels }: DecodeLimits) {
  return sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, sequentialRead: true });
}

async function sizeByLibrary(bytes: Uint8Array, limits: DecodeLimits): Promise<ImageSize> {
  const { width, height } = await open(bytes, limits).metadata();
  return { width, height };
}

/**
 * A large JPEG is decoded at an eighth, a quarter or half of its size, whichever is still enough: measured, no photo of
 * `models/food`'s validation set, enlarged, got another label by that.
 */
async function pixelsOf(bytes: Uint8Array, target: DecodeTarget, limits: DecodeLimits): Promise<Uint8Array> {
  const { size, fit, kernel } = target;
  const { data, info } = await open(bytes, limits)
    .autoOrient()
    .resize(size, size, { fit, kernel })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .timeout({ seconds: limits.maxSeconds })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.width === size && info.height === size && info.channels === 3) return data;
  throw new Error(`decoded to ${info.width} × ${info.height} × ${info.channels}`);
}

/** libvips says what is wrong in words only. */
function refusal(error: unknown, format: ImageFormat, { maxPixels, maxSeconds }: DecodeLimits): PalateError {
  if (error instanceof PalateError) return error;
  const { message } = error as Error;
  if (message.includes('pixel limit')) {
    return new PalateError('TOO_LARGE', `the photo has more than ${maxPixels} pixels`, { cause: error });
  }
  if (message.startsWith('timeout')) {
    return new PalateError('TOO_LARGE', `the photo takes longer than ${maxSeconds} s to decode`, { cause: error });
  }
  const what = `the photo is damaged, cut off, or an unusual kind of ${format.toUpperCase()}`;
  return new PalateError('UNREADABLE', what, { cause: error });
}
