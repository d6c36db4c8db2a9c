/** Meals: what the scorer and the experts say of a photo. */
import type { MealReviewed, MealScored } from '../../../../gen/palate/event/v1/meal_pb.ts';
import { append, each, lengthOf, without } from '../chain.ts';
import type { Meal } from '../person.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';

export const mealAppliers = {
  mealScored(tenant: TenantState, occasion: Occasion, value: MealScored): void {
    const item = value.itemId === '' ? -1 : tenant.catalogue.intern(value.itemId);
    const labels = value.labels.map(({ name, confidence }) => ({ name, confidence }));
    const model = value.model === undefined ? '' : `${value.model.name}/${value.model.version}`;
    const word = { score: value.score ?? Number.NaN, labels, model, item };
    const own = each(tenant.people.recordOf(occasion.person).meals);
    const meal = tenant.meals.score(value.imageId, occasion.person, occasion.occurredAtMicros, word, own);
    if (meal.person !== -1) keep(tenant, meal);
    if (item === -1) return;
    if (value.embedding.length > 0) tenant.meals.setEmbedding(item, Float32Array.from(value.embedding));
    tenant.people.addInteraction(occasion.person, item, occasion.eventType, occasion.occurredAtMicros);
  },

  mealReviewed(tenant: TenantState, occasion: Occasion, value: MealReviewed): void {
    const { score, labels, reviewerId, comment } = value;
    const review = { score: score ?? Number.NaN, labels: [...labels], reviewerId, comment };
    tenant.meals.review(value.imageId, occasion.occurredAtMicros, review);
  },
};

function keep(tenant: TenantState, meal: Meal): void {
  const record = tenant.people.record(meal.person);
  const oldest = append(record.meals, meal);
  const isFull = lengthOf(oldest) > tenant.settings.mealsPerPerson;
  record.meals = isFull ? without(oldest, oldest) : oldest;
  if (isFull) tenant.meals.remove(oldest);
}
