import { setFlagsFromString } from 'node:v8';

/**
 * To be called before tables of some hundred megabytes grow: V8 counts the memory of arrays, which it does not have to look through,
 * towards what the heap may grow to, and collects when all of it has grown by its share. By default it begins a full
 * collection for each 64 MB that arrays have grown: a state of 830 MB had the heap beside it, 215 MB in the end, marked some fourteen times while it was
 * folded, an eighth of all the work. Not for a server at work: what arrays it lets go of is found by those collections.
 *
 * Answers how to end it.
 */
export function collectSeldom(): () => void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  return () => setFlagsFromString('--no-external-memory-accounted-in-global-limit');
}
