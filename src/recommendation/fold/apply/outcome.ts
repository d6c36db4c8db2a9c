/** Outcomes: what a person thought of an item. Orders have a file of their own. */
import type { CustomInteracted, ItemRated, ItemReacted } from '../../../../gen/palate/event/v1/outcome_pb.ts';
import { trimMap } from '../bounded.ts';
import { type Opinion, owned, reactions } from '../person.ts';
import { ratingWeight, signalWeights } from '../signal-weights.ts';
import { smallNumber } from '../small-number.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';
import { enterSession, signal, visit } from './visit.ts';

/** Where a rating does not say its own. */
export const defaultScale = 5;

export const outcomeAppliers = {
  itemRated(tenant: TenantState, occasion: Occasion, value: ItemRated): void {
    const item = tenant.catalogue.intern(value.itemId);
    rate(tenant, occasion, item, (value.value ?? 0) / (value.scale ?? defaultScale));
  },

  itemReacted(tenant: TenantState, occasion: Occasion, value: ItemReacted): void {
    react(tenant, occasion, tenant.catalogue.intern(value.itemId), value.reaction);
  },

  customInteracted(tenant: TenantState, occasion: Occasion, value: CustomInteracted): void {
    const item = tenant.catalogue.intern(value.itemId);
    interact(tenant, occasion, item, value.weight ?? 1);
  },
};

/** A later rating takes the earlier one's weight back. */
export function rate(tenant: TenantState, occasion: Occasion, item: number, rating: number): void {
  const { occurredAtMicros } = occasion;
  const opinion = opinionOf(tenant, occasion.person, item);
  if (opinion !== undefined && !Number.isNaN(opinion.rating)) {
    signal(tenant, item, -ratingWeight(opinion.rating), opinion.ratedAtMicros);
  }
  remark(tenant, occasion, item, ratingWeight(rating));
  if (opinion === undefined) return;
  opinion.rating = rating;
  opinion.ratedAtMicros = occurredAtMicros;
}

/** A later reaction takes the earlier one's weight back. */
export function react(tenant: TenantState, occasion: Occasion, item: number, reaction: number): void {
  const opinion = opinionOf(tenant, occasion.person, item);
  if (opinion?.reaction === reactions.like) signal(tenant, item, -signalWeights.like, opinion.reactedAtMicros);
  remark(tenant, occasion, item, reaction === reactions.like ? signalWeights.like : 0);
  if (opinion === undefined) return;
  opinion.reaction = reaction === reactions.withdrawn ? reactions.none : smallNumber(reaction);
  opinion.reactedAtMicros = occasion.occurredAtMicros;
  if (opinion.reaction === reactions.none && Number.isNaN(opinion.rating)) {
    owned(tenant.people.record(occasion.person), 'opinions').delete(item);
  }
}

/** Above 0 it is a visit; below 0 it counts against the item's popularity only. */
export function interact(tenant: TenantState, occasion: Occasion, item: number, weight: number): void {
  if (weight > 0) visit(tenant, occasion, item, weight);
  else remark(tenant, occasion, item, weight);
}

/** A word on an item that is no visit of it. */
function remark(tenant: TenantState, occasion: Occasion, item: number, weight: number): void {
  enterSession(tenant, occasion, false);
  signal(tenant, item, weight, occasion.occurredAtMicros);
  tenant.people.addInteraction(occasion.person, item, occasion.eventType, occasion.occurredAtMicros);
}

/** Undefined: nobody is known whose word could be kept. */
function opinionOf(tenant: TenantState, person: number, item: number): Opinion | undefined {
  if (person === -1) return undefined;
  const opinions = owned(tenant.people.record(person), 'opinions');
  const known = opinions.get(item);
  if (known !== undefined) return known;
  const opinion = { reaction: reactions.none, reactedAtMicros: 0, rating: Number.NaN, ratedAtMicros: Number.NaN };
  trimMap(opinions.set(item, opinion), tenant.settings.opinionsPerPerson);
  return opinion;
}
