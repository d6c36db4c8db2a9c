/** Photos of meals: what the model said of each, and what an expert did. */
import type { Archive } from './archive.ts';
import { readMeal, writeMeal } from './persisted-records.ts';
import type { Meal, MealReview } from './person.ts';
import { type References, referencesTo } from './references.ts';

export interface MealScore {
  readonly score: number;
  readonly labels: Meal['labels'];
  readonly model: string;
  readonly item: number;
}

export class Meals {
  /** By image: a photo may be the meal of several people, who shared it. The first to be told of is the first. */
  readonly #byImage = new Map<string, readonly Meal[]>();
  /** Meals of nobody known, the oldest first. */
  readonly #strangers = new Set<Meal>();
  readonly #maxStrangers: number;
  /** By item: where its latest photo lies in the model's space. */
  readonly #embeddings = new Map<number, Float32Array>();

  constructor(maxStrangers: number) {
    this.#maxStrangers = maxStrangers;
  }

  /** Whose meals the image is, the first to be told of first. */
  of(imageId: string): readonly Meal[] {
    return this.#byImage.get(imageId) ?? [];
  }

  /** Where the item's latest photo lies in its model's space. Undefined: no photo of it had an embedding. */
  embeddingOf(item: number): Float32Array | undefined {
    return this.#embeddings.get(item);
  }

  /** The items that have an embedding. */
  embeddedItems(): Iterable<number> {
    return this.#embeddings.keys();
  }

  /** Those held that nobody is known for. */
  strangers(): Iterable<Meal> {
    return this.#strangers;
  }

  /**
   * Takes the model's word on the image as this person's meal; a later word replaces an earlier one. A meal of nobody becomes
   * theirs; an event that names nobody is about the first whose meal it was. Answers the meal.
   */
  score(imageId: string, person: number, atMicros: number, word: MealScore): Meal {
    const meal = this.#mealOf(imageId, person) ?? this.#enter(imageId, person, atMicros);
    meal.occurredAtMicros = atMicros;
    if (person !== -1) meal.person = person;
    meal.score = word.score;
    meal.labels = word.labels;
    meal.model = word.model;
    meal.item = word.item;
    this.#settle(meal);
    return meal;
  }

  /** Takes an expert's word; a later one replaces an earlier one. The reviewer is not the person of the meal. */
  review(imageId: string, atMicros: number, review: MealReview): void {
    const meals = this.of(imageId);
    for (const meal of meals.length > 0 ? meals : [this.#enter(imageId, -1, atMicros)]) {
      // A copy each, as a snapshot gives them back.
      meal.review = { ...review };
      this.#settle(meal);
    }
  }

  setEmbedding(item: number, embedding: Float32Array): void {
    this.#embeddings.set(item, embedding);
  }

  /** Takes the embedding away. Meals that showed the item stay. */
  forgetItem(item: number): void {
    this.#embeddings.delete(item);
  }

  /** Forgets a meal. */
  remove(meal: Meal): void {
    const others = this.of(meal.imageId).filter((other) => other !== meal);
    if (others.length === 0) this.#byImage.delete(meal.imageId);
    else this.#byImage.set(meal.imageId, others);
    this.#strangers.delete(meal);
  }

  #mealOf(imageId: string, person: number): Meal | undefined {
    const meals = this.of(imageId);
    if (person === -1) return meals[0];
    return meals.find((meal) => meal.person === person) ?? meals.find((meal) => meal.person === -1);
  }

  /** What an expert said of the image holds for everybody's. */
  #enter(imageId: string, person: number, atMicros: number): Meal {
    const meals = this.of(imageId);
    const meal: Meal = {
      imageId,
      person,
      occurredAtMicros: atMicros,
      score: Number.NaN,
      labels: [],
      model: '',
      item: -1,
      review: meals[0]?.review === undefined ? undefined : { ...meals[0].review },
    };
    this.#byImage.set(imageId, [...meals, meal]);
    return meal;
  }

  /** Keeps the meals of nobody within their bound: the one that came first goes. */
  #settle(meal: Meal): void {
    if (meal.person !== -1) {
      this.#strangers.delete(meal);
      return;
    }
    this.#strangers.add(meal);
    if (this.#strangers.size > this.#maxStrangers) this.remove(this.#strangers.values().next().value as Meal);
  }

  /** As `Orders.persist`. */
  persist(archive: Archive): References<Meal> {
    archive.records(
      'meals',
      (out) => {
        const all = [...this.#byImage.values()].flat();
        out.list(all, all.length, (meal) => writeMeal(out, meal));
      },
      (from) => {
        for (const meal of from.list(() => readMeal(from))) {
          this.#byImage.set(meal.imageId, [...this.of(meal.imageId), meal]);
        }
      },
    );
    const references = referencesTo([...this.#byImage.values()].flat());
    references.persist(archive, 'strangers', this.#strangers);
    this.#persistEmbeddings(archive.part('embeddings'));
    return references;
  }

  /** Their floats end to end, bit for bit. */
  #persistEmbeddings(archive: Archive): void {
    const all = [...this.#embeddings];
    const items = archive.ints(
      'items',
      Int32Array.from(all, ([item]) => item),
      all.length,
    );
    const lengths = archive.ints(
      'lengths',
      Int32Array.from(all, ([, values]) => values.length),
      all.length,
    );
    const bits = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const [, values] of all) {
      bits.set(new Int32Array(values.buffer, values.byteOffset, values.length), at);
      at += values.length;
    }
    const floats = new Float32Array(archive.ints('values', bits, bits.length).buffer);
    if (!archive.isReading) return;
    for (let i = 0, from = 0; i < items.length; from += lengths[i++]!) {
      this.#embeddings.set(items[i]!, floats.slice(from, from + lengths[i]!));
    }
  }
}
