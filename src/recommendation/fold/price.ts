/** Amounts of money. They are exact. */
import { smallNumber } from './small-number.ts';

/**
 * Millionths of a currency's unit: a number wherever that is exact, that is below 2^53 (9 billion units), and a bigint beyond
 * it. A bigint is an object of its own on the heap; a number below 2^31 is none.
 */
export type Micros = number | bigint;

/** An amount: ISO 4217 code and millionths of the currency's unit. */
export interface Price {
  readonly currencyCode: string;
  readonly micros: Micros;
}

/** What holds a price as two of its own fields, which takes no object more. Both undefined: no price was told. */
export interface Priced {
  currencyCode: string | undefined;
  micros: Micros | undefined;
}

/** More codes than there are currencies; what is validated could be 17,576. */
const maxCodes = 1_024;
const codes = new Map<string, string>();

/** Any 64-bit amount in the one form that it is held in. */
export function exactMicros(micros: bigint): Micros {
  const number = Number(micros);
  return Number.isSafeInteger(number) ? smallNumber(number) : micros;
}

/** One string for each currency, however often its code is decoded. */
export function sharedCode(code: string): string {
  const known = codes.get(code);
  if (known !== undefined) return known;
  if (codes.size < maxCodes) codes.set(code, code);
  return code;
}

/** The price that something holds, as one value. */
export function priceIn({ currencyCode, micros }: Readonly<Priced>): Price | undefined {
  return currencyCode === undefined || micros === undefined ? undefined : { currencyCode, micros };
}

/** What is left of an amount after another, of either sign, was paid back. */
export function lessMicros(micros: Micros, paidBack: Micros): Micros {
  const back = BigInt(paidBack);
  return exactMicros(BigInt(micros) - (back < 0n ? -back : back));
}
