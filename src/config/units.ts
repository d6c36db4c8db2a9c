/** Friendly amounts, as people write them in a file: `30s`, `1h30m`, `20MiB`. */

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const sizeUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * Milliseconds of `30s`, `1.5h`, `1h30m` (units ms, s, m, h, d, w), or of a bare number, which is milliseconds already.
 * Undefined for anything else, and for what is not a whole number of milliseconds.
 */
export function parseDuration(raw: unknown): number | undefined {
  if (typeof raw === 'number') return wholeAmount(raw);
  if (typeof raw !== 'string') return undefined;
  const text = raw.trim();
  if (/^\d+$/.test(text)) return wholeAmount(Number(text));
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let millis = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    millis += Number(amount) * (durationUnits[unit ?? ''] ?? Number.NaN);
  }
  return wholeAmount(millis);
}

/**
 * Bytes of `20MiB`, `1.5GiB`, `10MB` (B, kB, MB, GB, TB by 1,000; KiB, MiB, GiB, TiB by 1,024; any case), or of a bare
 * number. Undefined for anything else, and for what is not a whole number of bytes.
 */
export function parseSize(raw: unknown): number | undefined {
  if (typeof raw === 'number') return wholeAmount(raw);
  if (typeof raw !== 'string') return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(raw.trim());
  if (match === null) return undefined;
  const [, amount, unit = ''] = match;
  return wholeAmount(Number(amount) * (sizeUnits[unit === '' ? 'b' : unit.toLowerCase()] ?? Number.NaN));
}

/** The shortest friendly form of a duration: 90000 is `90s`, 120000 is `2m`. */
export function formatDuration(millis: number): string {
  for (const unit of ['w', 'd', 'h', 'm', 's']) {
    const unitMillis = durationUnits[unit] ?? 1;
    if (millis !== 0 && millis % unitMillis === 0) return `${millis / unitMillis}${unit}`;
  }
  return `${millis}ms`;
}

/** The shortest friendly form of a size: 20971520 is `20MiB`. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const unitBytes = sizeUnits[unit.toLowerCase()] ?? 1;
    if (bytes !== 0 && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`;
  }
  return `${bytes}B`;
}

/** Rounds away the last bits of 0.1 × 1000, and turns away a real fraction, NaN and what floats cannot count. */
function wholeAmount(amount: number): number | undefined {
  const rounded = Math.round(amount);
  if (!Number.isSafeInteger(rounded) || rounded < 0) return undefined;
  return Math.abs(amount - rounded) < 1e-6 ? rounded : undefined;
}
