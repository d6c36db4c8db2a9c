/** The bytes of a snapshot file that are not the state's: docs/snapshot-format.md. All integers are little-endian. */
import { crc32 } from 'node:zlib';

/** Of the file. A reader takes no other. */
const formatVersion = 1;

const headerMagic = Buffer.from('PALATES\n', 'latin1');
const trailerMagic = Buffer.from('PALATEZ\n', 'latin1');

export const headerBytes = 128;
export const sectionHeaderBytes = 32;
export const trailerBytes = 32;
/** Names and contents are filled up with zeros to whole words of this size. */
export const alignment = 8;
export const longestName = 1_024;

/** What a section's content is made of, by its number in the file. */
export const sectionTypes = { bytes: 1, ints: 2, floats: 3 } as const;
export type SectionType = (typeof sectionTypes)[keyof typeof sectionTypes];

/** Of which state a file holds a copy. */
export interface SnapshotHeader {
  /** 16 hex digits. */
  readonly journalId: string;
  /** Of the journal: after an erasure it is higher, and older snapshots may hold what was erased. */
  readonly generation: number;
  /** The last record that was folded. */
  readonly sequence: number;
  /** When the journal took that record. */
  readonly appendedAtMicros: number;
  /** Records that were folded, from the first one of the journal. */
  readonly records: number;
  /** Version of the fold and of what its parts write: see `foldVersion`. */
  readonly foldVersion: number;
  /** 64 hex digits; see `settingsFingerprint`. */
  readonly settings: string;
}

export interface SectionHeader {
  readonly nameBytes: number;
  readonly type: number;
  readonly contentBytes: number;
  readonly checksum: number;
  /** Of this header, with which that of the name goes on. */
  readonly headerChecksum: number;
}

export interface Trailer {
  readonly sections: number;
  readonly fileBytes: number;
  /** Over the checksums of all sections, in order. */
  readonly checksum: number;
}

export function encodeHeader(header: SnapshotHeader): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(headerBytes);
  headerMagic.copy(bytes);
  bytes.writeUInt32LE(formatVersion, 8);
  bytes.writeUInt32LE(header.foldVersion, 12);
  bytes.write(header.journalId, 16, 'hex');
  bytes.writeUInt32LE(header.generation, 24);
  bytes.writeBigUInt64LE(BigInt(header.sequence), 32);
  bytes.writeBigUInt64LE(BigInt(header.appendedAtMicros), 40);
  bytes.writeBigUInt64LE(BigInt(header.records), 48);
  bytes.write(header.settings, 56, 'hex');
  return sealed(bytes);
}

/** Undefined: the bytes are no header. `otherVersion`: it is one, of a format that is not known here. */
export function decodeHeader(bytes: Buffer): SnapshotHeader | { readonly otherVersion: number } | undefined {
  if (bytes.length < headerBytes || !bytes.subarray(0, 8).equals(headerMagic)) return undefined;
  const version = bytes.readUInt32LE(8);
  if (!isSealed(bytes, headerBytes)) return undefined;
  if (version !== formatVersion) return { otherVersion: version };
  return {
    foldVersion: bytes.readUInt32LE(12),
    journalId: bytes.toString('hex', 16, 24),
    generation: bytes.readUInt32LE(24),
    sequence: Number(bytes.readBigUInt64LE(32)),
    appendedAtMicros: Number(bytes.readBigUInt64LE(40)),
    records: Number(bytes.readBigUInt64LE(48)),
    settings: bytes.toString('hex', 56, 88),
  };
}

/** The header of a section and its name, filled up. */
export function encodeSection(name: string, type: SectionType, content: Uint8Array): Buffer<ArrayBuffer> {
  const nameBytes = Buffer.byteLength(name);
  if (nameBytes > longestName) throw new RangeError(`a section's name has ${nameBytes} bytes: ${name}`);
  const bytes = Buffer.alloc(sectionHeaderBytes + padded(nameBytes));
  bytes.writeUInt32LE(nameBytes, 0);
  bytes.writeUInt32LE(type, 4);
  bytes.writeBigUInt64LE(BigInt(content.byteLength), 8);
  bytes.writeUInt32LE(checksumOfContent(content), 16);
  bytes.write(name, sectionHeaderBytes, 'utf8');
  bytes.writeUInt32LE(crc32(bytes.subarray(sectionHeaderBytes), crc32(bytes.subarray(0, 28))), 28);
  return bytes;
}

export function decodeSection(bytes: Buffer): SectionHeader {
  return {
    nameBytes: bytes.readUInt32LE(0),
    type: bytes.readUInt32LE(4),
    contentBytes: Number(bytes.readBigUInt64LE(8)),
    checksum: bytes.readUInt32LE(16),
    headerChecksum: bytes.readUInt32LE(28),
  };
}

/** Over all of a section's header but its last four bytes, and its name as it stands in the file. */
export function checksumOfSection(header: Buffer, name: Buffer): number {
  return crc32(name, crc32(header.subarray(0, 28)));
}

/** Over the content and the zeros behind it. */
export function checksumOfContent(content: Uint8Array): number {
  return crc32(zeros(content.byteLength), crc32(content));
}

export function encodeTrailer({ sections, fileBytes, checksum }: Trailer): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(trailerBytes);
  trailerMagic.copy(bytes);
  bytes.writeUInt32LE(sections, 8);
  bytes.writeBigUInt64LE(BigInt(fileBytes), 16);
  bytes.writeUInt32LE(checksum, 24);
  return sealed(bytes);
}

/** Undefined: the bytes are no trailer. */
export function decodeTrailer(bytes: Buffer): Trailer | undefined {
  if (!bytes.subarray(0, 8).equals(trailerMagic) || !isSealed(bytes, trailerBytes)) return undefined;
  return {
    sections: bytes.readUInt32LE(8),
    fileBytes: Number(bytes.readBigUInt64LE(16)),
    checksum: bytes.readUInt32LE(24),
  };
}

/** The checksum of one more section joins those before it. */
export function joinedChecksum(before: number, checksum: number): number {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(checksum);
  return crc32(word, before);
}

export function padded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

const zeroWord = Buffer.alloc(alignment);

/** What fills up so many bytes. */
export function zeros(bytes: number): Buffer<ArrayBuffer> {
  return zeroWord.subarray(0, padded(bytes) - bytes);
}

/** The last four bytes are the checksum of those before them. */
function sealed(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4);
  return bytes;
}

function isSealed(bytes: Buffer, length: number): boolean {
  return crc32(bytes.subarray(0, length - 4)) === bytes.readUInt32LE(length - 4);
}
