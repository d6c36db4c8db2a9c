/** What each type of event changes in the state, in one sentence. */
import type { PayloadCase } from './event-types.ts';

const visit =
  'the item joins the session, is paired with those before it, and the person is remembered to have seen it';

/** By payload. A test holds it, the appliers and the contract together. */
export const effects: Readonly<Record<PayloadCase, string>> = {
  itemUpserted:
    'Replaces all attributes of the item, brings it back if it was removed, makes it the newest; stock stays.',
  itemPatched: 'Unsets, then sets single attributes of the item, unless it is removed.',
  itemRemoved: 'Takes the item out of the catalogue and its categories; it is not recommended until upserted again.',
  stockChanged: 'Sets the stock and its quantity; an item out of stock is not recommended.',
  priceChanged: 'Sets the price, unless the item is removed.',
  itemSimilarityUpserted: 'Replaces the list of that name for the item; an empty one takes it away.',
  userUpserted: 'Replaces all attributes of the user.',
  identityMerged: "Makes the visitor's past the user's, and what the visitor does from now on.",
  consentChanged:
    'Allows or forbids personal recommendations; while forbidden, interactions and sessions are nobody\u2019s.',
  userErased:
    'Counts the erasure and forgets whom it names. In a journal it names nobody: the state is folded anew without them.',
  pageViewed: "Counts a page of its kind; the person's session goes on.",
  listViewed: "Counts each item as shown; the person's session goes on.",
  itemViewed: `A visit of weight 1: ${visit}.`,
  itemClicked: `A visit of weight 1: ${visit}.`,
  searchPerformed: "Counts the search, and each result as shown; the person's session goes on.",
  mediaProgressed:
    'A visit of weight 1, completed 2; while the session stays with the item only its completion counts.',
  cartAdded: 'A visit of weight 3; the cart holds that much more of the item.',
  cartRemoved: 'The cart holds that much less of the item; at 0 the line goes.',
  listAdded: 'A visit of weight 2; the item is on the list.',
  listRemoved: 'The item is off the list; an empty list goes.',
  checkoutStarted: 'The lines, where there are any, become what the cart holds.',
  itemShared: `A visit of weight 2: ${visit}.`,
  orderCompleted:
    'Each item is a visit of weight 5 and leaves the cart; the same order again replaces the earlier one.',
  orderRefunded: 'Takes back from popularity what the lines gave when they were ordered, and marks them as given back.',
  itemRated: 'Keeps the rating; popularity moves by -3 to 3, and an earlier rating is taken back.',
  itemReacted: 'Keeps the reaction; a like counts 3 until it is taken back, the others bar the item for the person.',
  customInteracted: 'A visit of the given weight; a negative one only counts against the popularity.',
  recommendationServed: 'Remembers the recommendation and counts its items as served.',
  recommendationSeen: 'Counts the items at these places as seen, each once.',
  recommendationClicked: 'A visit of weight 1; counts the item as seen and clicked, once.',
  configChanged: 'Installs the settings under that name; an empty body takes them away.',
  modelInstalled: 'Notes the version and hash of the model of that kind and name.',
  mealScored:
    "Keeps the score with the person's meals, whoever else shares the photo; the item's embedding becomes that of the photo.",
  mealReviewed: "Keeps the expert's word with the meal, whether it was scored yet or not.",
};
