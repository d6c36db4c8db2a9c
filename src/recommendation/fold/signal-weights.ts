/** How much each event counts for an item's popularity, beside a view, which counts 1. */
export const signalWeights = {
  view: 1,
  click: 1,
  media: 1,
  mediaCompleted: 2,
  list: 2,
  share: 2,
  cart: 3,
  like: 3,
  /** The best rating; the worst counts as much against the item, the middle nothing. */
  rating: 3,
  order: 5,
} as const;

/** What a rating counts. `share`: the rating by its scale, 0 to 1. */
export function ratingWeight(share: number): number {
  return signalWeights.rating * (2 * share - 1);
}
