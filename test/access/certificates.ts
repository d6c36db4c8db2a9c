/** Certificates (X.509, RFC 5280) made on the spot, for tests: an authority, and what it issues. */

import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateInit {
  readonly name?: string;
  readonly dns?: readonly string[];
  readonly uris?: readonly string[];
  readonly ips?: readonly string[];
  readonly from?: Date;
  readonly until?: Date;
}

export interface Authority {
  /** Its own certificate, as PEM. */
  readonly certificate: string;
  /** By default for 127.0.0.1 and localhost, for a day. */
  issue(init?: CertificateInit): Issued;
}

const dayMillis = 86_400_000;

/** An authority that signs itself. */
export function createAuthority(name = 'Palate test authority'): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = { name, issuer: name, publicKey, signer: privateKey, isAuthority: true, ...validity({}) };
  return {
    certificate: pem('CERTIFICATE', encodeCertificate(own)),
    issue(init = {}) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { name: subject = 'localhost', dns = ['localhost'], ips = ['127.0.0.1'], uris = [] } = init;
      const fields = { name: subject, issuer: name, dns, ips, uris, signer: privateKey, ...validity(init) };
      const der = encodeCertificate({ ...fields, publicKey: pair.publicKey, isAuthority: false });
      const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      return { certificate: pem('CERTIFICATE', der), key };
    },
  };
}

function validity({ from, until }: CertificateInit) {
  return { from: from ?? new Date(Date.now() - dayMillis), until: until ?? new Date(Date.now() + 60 * dayMillis) };
}

interface Fields {
  readonly name: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly isAuthority: boolean;
  readonly from: Date;
  readonly until: Date;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly uris?: readonly string[];
}

const ecdsaWithSha256 = sequence(oid(1, 2, 840, 10_045, 4, 3, 2));

function encodeCertificate(fields: Fields): Buffer {
  const { name, issuer, publicKey, signer, from, until } = fields;
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, Buffer.concat([Buffer.of(0x40), randomBytes(12)])),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time(from), time(until)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions(fields))),
  );
  return sequence(body, ecdsaWithSha256, bits(sign('sha256', body, signer)));
}

function extensions({ isAuthority, dns = [], ips = [], uris = [] }: Fields): Buffer[] {
  if (isAuthority) return [extension([2, 5, 29, 19], sequence(tlv(0x01, Buffer.of(0xff))))];
  const names = [
    ...dns.map((name) => tlv(0x82, Buffer.from(name))),
    ...uris.map((uri) => tlv(0x86, Buffer.from(uri))),
    ...ips.map((ip) => tlv(0x87, Buffer.from(ip.split('.').map(Number)))),
  ];
  return names.length === 0 ? [extension([2, 5, 29, 19], sequence())] : [extension([2, 5, 29, 17], sequence(...names))];
}

function extension(id: readonly number[], value: Buffer): Buffer {
  return sequence(oid(...id), tlv(0x04, value));
}

function commonName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid(2, 5, 4, 3), tlv(0x0c, Buffer.from(name)))));
}

function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')));
}

function bits(bytes: Buffer): Buffer {
  return tlv(0x03, Buffer.concat([Buffer.of(0), bytes]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function oid(...[first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const groups = rest.flatMap((part) => {
    const septets = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80);
    return septets;
  });
  return tlv(0x06, Buffer.of(first * 40 + second, ...groups));
}

/** One element of DER: a tag, the length of its content, the content. */
function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >>> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The public half of a key, as PEM: no key for a server. */
export function publicHalf({ key }: Issued): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
}
