import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Config } from '../config.ts';
import { PalateError } from '../errors.ts';

type Settings = Config['tls'];

/** A certificate that was read and found good, with its key. */
export interface Pair {
  readonly context: SecureContextOptions;
  readonly expiresAtMillis: number;
}

/** The bytes of the files that `tls` names. */
export interface CertificateFiles {
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** The authorities of the certificates that callers show; undefined: none are asked for. */
  readonly clientCa: Buffer | undefined;
  /** Differs when any of them does. */
  readonly fingerprint: string;
}

/** Reads the files. Throws TLS_INVALID, which names the key and the file. */
export function readCertificateFiles(settings: Settings): CertificateFiles {
  const certificate = read('certificateFile', settings);
  const key = read('keyFile', settings);
  const clientCa = settings.clientCertificates === 'off' ? undefined : read('clientCaFile', settings);
  const hash = createHash('sha256');
  for (const bytes of [certificate, key, clientCa ?? '']) hash.update(`${bytes.length}:`).update(bytes);
  return { certificate, key, clientCa, fingerprint: hash.digest('hex') };
}

function read(name: 'certificateFile' | 'keyFile' | 'clientCaFile', settings: Settings): Buffer {
  const file = settings[name];
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new PalateError('TLS_INVALID', `tls.${name}: ${file} cannot be read: ${why}.`, { cause });
  }
}

/**
 * Holds a certificate and its key against each other and against the clock.
 *
 * @throws PalateError TLS_INVALID, which names what is wrong. No message holds any of a key.
 */
export function checkPair(files: CertificateFiles, settings: Settings, nowMillis: number): Pair {
  const { certificateFile, keyFile, clientCaFile, minVersion } = settings;
  const { certificate: cert, key, clientCa: ca } = files;
  const leaf = orInvalid(
    `tls.certificateFile: ${certificateFile} holds no certificate in PEM`,
    () => new X509Certificate(cert),
  );
  const privateKey = orInvalid(`tls.keyFile: ${keyFile} holds no private key in PEM without a passphrase`, () =>
    createPrivateKey(key),
  );
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new PalateError(
      'TLS_INVALID',
      `tls.keyFile: ${keyFile} is not the key of the certificate in ${certificateFile}.`,
    );
  }
  const expiresAtMillis = Date.parse(leaf.validTo);
  if (expiresAtMillis <= nowMillis) {
    const since = new Date(expiresAtMillis).toISOString();
    throw new PalateError(
      'TLS_INVALID',
      `tls.certificateFile: the certificate in ${certificateFile} expired at ${since}.`,
    );
  }
  if (ca !== undefined)
    orInvalid(`tls.clientCaFile: ${clientCaFile} holds no certificate in PEM`, () => new X509Certificate(ca));
  const context: SecureContextOptions = { cert, key, minVersion, ...(ca === undefined ? {} : { ca }) };
  orInvalid(`tls.certificateFile: ${certificateFile} cannot be used`, () => createSecureContext(context));
  return { context, expiresAtMillis };
}

function orInvalid<T>(sentence: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (cause) {
    throw new PalateError('TLS_INVALID', `${sentence}.`, { cause });
  }
}
