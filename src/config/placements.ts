/**
 * Placements: the named spots of an app, each with the strategies that fill it, and the four that Palate ships. Their
 * CEL expressions are compiled, and so checked, by the recommender at its start.
 */
import * as z from 'zod';
import { PalateError } from '../errors.ts';
import { boolean, choice, entries, integer, number, structure, text } from './settings.ts';

/** What makes candidates. A new strategy begins with its name here. */
export const strategyNames = [
  'session',
  'session-stan',
  'similar',
  'visual',
  'trending',
  'popular',
  'recent',
  'catalogue',
] as const;

export type StrategyName = (typeof strategyNames)[number];

const strategy = entries({
  strategy: choice(strategyNames, {
    description:
      'What makes the candidates: session (what sessions like this one went on to, by VMIS-kNN), session-stan (the ' +
      'same by STAN), similar (what goes with the newest items), visual (what looks like them and like recent meals, ' +
      'by scored photos), trending (what rises now), popular (what lasts), recent (what this person looked at), ' +
      'catalogue (what is new).',
  }),
  weight: number({ description: 'Its scores are multiplied by it.', default: 1, max: 1_000 }),
  category: text({ description: 'Only items of this category; empty: of any.', default: '' }),
});

const boost = entries({
  when: text({
    description: 'A CEL expression over the item, for instance item.brand == "own".',
    pattern: /\S/,
    allowed: 'a CEL expression',
  }),
  factor: number({ description: 'The score is multiplied by it where the expression holds.', default: 1, max: 1_000 }),
});

const placement = entries({
  description: text({ description: 'For people: where this spot is.', default: '' }),
  strategies: structure(z.array(strategy).min(1).max(16), {
    description: 'Asked in this order: each fills the places that those before it left free.',
    allowed: 'a list of 1 to 16 strategies',
  }),
  limit: integer({ description: 'Items in an answer where the caller names no limit.', default: 20, min: 1, max: 500 }),
  filter: text({ description: 'A CEL expression that every item must meet; empty: none.', default: '' }),
  boosts: structure(z.array(boost).max(32), {
    description: 'Factors for the items that an expression picks.',
    allowed: 'a list of at most 32 boosts',
    default: [],
  }),
  excludeCurrent: boolean({ description: 'Leave out the item that is looked at now.', default: true }),
  excludeSeen: boolean({ description: 'Leave out what this person has seen.', default: false }),
});

/** Strategies in the order in which they fill a placement. */
export function chain(...names: readonly StrategyName[]) {
  return names.map((strategy) => ({ strategy, weight: 1, category: '' }));
}

/** The shipped placements, in the form of the file. One of the same name in the file takes its place. */
export const shippedPlacements = {
  home: {
    description: 'The first page: what this visitor may want next, whatever is known of them.',
    strategies: chain('session', 'similar', 'visual', 'trending', 'popular'),
  },
  item: {
    description: 'Beside one item: what goes with it.',
    strategies: chain('similar', 'visual', 'session', 'trending', 'popular'),
  },
  cart: {
    description: 'Beside the cart: what is still missing.',
    strategies: chain('similar', 'session', 'trending', 'popular'),
    excludeSeen: true,
  },
  trending: {
    description: 'What rises now, the same for everyone.',
    strategies: chain('trending', 'popular'),
    excludeCurrent: false,
  },
};

const named = z.record(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/), z.union([placement, z.null()]));

/** The map of placements: those given, over those shipped; `name: null` takes a shipped one away. */
export const placements = structure(
  z.preprocess(withShipped, named).transform((all) => {
    const kept = Object.entries(all).filter((pair): pair is [string, Placement] => pair[1] !== null);
    return Object.fromEntries(kept) as Readonly<Record<string, Placement>>;
  }),
  {
    description: 'The spots of your apps by name, added to the shipped home, item, cart and trending.',
    allowed: 'a map from a name (a-z, 0-9, "-", "_", at most 63) to a placement, or to null to take a shipped one away',
    default: {},
  },
);

/** One placement, with every default filled in. */
export type Placement = z.output<typeof placement>;
export type PlacementStrategy = Placement['strategies'][number];

/** The placements of a process whose configuration names none. */
export const defaultPlacements: Readonly<Record<string, Placement>> = placements.parse({});

/**
 * Reads one placement from the JSON of a `ConfigChanged` event. Throws CONFIG_INVALID that names the placement and what is
 * wrong with it.
 */
export function parsePlacement(name: string, bodyJson: string): Placement {
  try {
    return placement.parse(JSON.parse(bodyJson));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new PalateError('CONFIG_INVALID', `placement ${JSON.stringify(name)}: ${why}`, { cause });
  }
}

function withShipped(given: unknown): unknown {
  const isMap = typeof given === 'object' && given !== null && !Array.isArray(given);
  return isMap ? { ...shippedPlacements, ...given } : given;
}
