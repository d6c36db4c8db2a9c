/** A failed write leaves gaps between sequences: so much more than the window is read. */
const slack = 1.1;

/**
 * Up to which sequence no id is needed, where a state that was folded through `foldedThrough` knows so many tenants. With
 * one tenant the newest records are its window. With several nobody knows where that of a quiet one begins.
 */
export function beforeWindow(tenants: number, foldedThrough: number, durableSequence: number, window: number): number {
  return tenants > 1 ? 0 : Math.max(0, Math.min(foldedThrough, durableSequence - Math.ceil(window * slack)));
}
