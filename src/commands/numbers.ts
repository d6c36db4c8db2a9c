/** Numbers on the command line. */
import { PalateError } from '../errors.ts';

export interface NumberBounds {
  readonly min: number;
  readonly max: number;
}

/** A whole number given to `--name`, or undefined where it was not given. Throws USAGE. */
export function wholeNumber(name: string, text: string | undefined, { min, max }: NumberBounds): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new PalateError('USAGE', `--${name} takes a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`);
}
