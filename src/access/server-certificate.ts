import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { Config } from '../config.ts';
import { PalateError } from '../errors.ts';
import type { Part } from '../lifecycle.ts';
import { type CertificateFiles, checkPair, type Pair, readCertificateFiles } from './certificate-files.ts';

/** The certificate that both ports show. */
export interface ServerTls {
  /** As it is now. */
  options(): TlsOptions;
  /** Calls back with each new one. */
  onChange(listener: (context: SecureContextOptions) => void): void;
}

export interface CertificateLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const dayMillis = 86_400_000;

/**
 * The certificate of a server, read again by time and at SIGHUP. Connections that are open keep the one they were made with; new
 * ones get the new one. A new pair that is no good is reported, and the old one stays.
 */
export class ServerCertificate implements ServerTls, Part {
  readonly name = 'certificate';
  readonly #settings: Config['tls'];
  readonly #log: CertificateLog;
  readonly #listeners: ((context: SecureContextOptions) => void)[] = [];
  readonly #onSignal = (): void => this.reload();
  #pair: Pair;
  /** Of what was looked at last, good or not. */
  #fingerprint: string;
  #timer: NodeJS.Timeout | undefined;
  #warnedAtMillis = Number.NEGATIVE_INFINITY;

  /** @throws PalateError TLS_INVALID */
  constructor(settings: Config['tls'], log: CertificateLog) {
    this.#settings = settings;
    this.#log = log;
    const files = readCertificateFiles(settings);
    this.#fingerprint = files.fingerprint;
    this.#pair = checkPair(files, settings, Date.now());
    this.#warnOfExpiry();
  }

  /** Of the certificate that is shown, in milliseconds since 1970. */
  get expiresAtMillis(): number {
    return this.#pair.expiresAtMillis;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(this.#onSignal, this.#settings.reloadEveryMillis);
    this.#timer.unref();
    process.on('SIGHUP', this.#onSignal);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    process.off('SIGHUP', this.#onSignal);
  }

  options(): TlsOptions {
    const { clientCertificates } = this.#settings;
    return {
      ...this.#pair.context,
      requestCert: clientCertificates !== 'off',
      rejectUnauthorized: clientCertificates === 'required',
    };
  }

  onChange(listener: (context: SecureContextOptions) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the files now. */
  reload(): void {
    try {
      const files = readCertificateFiles(this.#settings);
      if (files.fingerprint !== this.#fingerprint) this.#take(files);
    } catch (error) {
      this.#report('unreadable', error);
    }
    this.#warnOfExpiry();
  }

  #take(files: CertificateFiles): void {
    try {
      this.#pair = checkPair(files, this.#settings, Date.now());
    } catch (error) {
      this.#report(files.fingerprint, error);
      return;
    }
    this.#fingerprint = files.fingerprint;
    for (const listener of this.#listeners) listener(this.#pair.context);
    this.#log.info({ expires: new Date(this.#pair.expiresAtMillis).toISOString() }, 'a new certificate is shown');
  }

  /** Once for each state of the files. */
  #report(fingerprint: string, error: unknown): void {
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    const { message } = PalateError.from(error);
    this.#log.error({ problem: message }, 'the new certificate is no good: the old one stays');
  }

  #warnOfExpiry(): void {
    const { expiresAtMillis } = this.#pair;
    const now = Date.now();
    if (expiresAtMillis - now > this.#settings.warnBeforeExpiryMillis || now - this.#warnedAtMillis < dayMillis) return;
    this.#warnedAtMillis = now;
    const { certificateFile } = this.#settings;
    const what = expiresAtMillis <= now ? 'the certificate has expired' : 'the certificate expires soon';
    this.#log.warn({ certificateFile, expires: new Date(expiresAtMillis).toISOString() }, what);
  }
}
