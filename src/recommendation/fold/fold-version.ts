/**
 * Version of the fold: what its events do, and what its parts write into a snapshot. To be raised by every change after
 * which the same journal leads to another state, or a `persist` reads other sections than the one before it wrote. A
 * snapshot of another version is not used: the journal is folded anew.
 */
export const foldVersion = 4;
