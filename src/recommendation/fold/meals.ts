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
  readonly #byImage = new Map<string, Set<Meal>>();
  /** Meals of nobody known, the oldest first. */
  readonly #strangers = new Set<Meal>();
  readonly #maxStrangers: number;
  /** By item: where its latest photo lies in the model's space. */
  readonly #embeddings = new Map<number, Float32Array>();
  #embeddingBytes = 0;

  constructor(maxStrangers: number) {
    this.#maxStrangers = maxStrangers;
  }

  /** Whose meals the image is, the first to be told of first. */
  of(imageId: string): readonly Meal[] {
    return [...(this.#byImage.get(imageId) ?? [])];
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
   * theirs; an event that names nobody is about the first whose meal it was. Answers the meal. `own`: the meals of this
   * person, which are few, however many people share the photo.
   */
  score(imageId: string, person: number, atMicros: number, word: MealScore, own: Iterable<Meal>): Meal {
    const meal = this.#mealOf(imageId, person, own) ?? this.#enter(imageId, person, atMicros);
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
    const first = this.#first(imageId) ?? this.#enter(imageId, -1, atMicros);
    first.photo.review = review;
    this.#settle(first);
  }

  /** Memory of all embeddings. */
  get embeddingBytes(): number {
    return this.#embeddingBytes;
  }

  setEmbedding(item: number, embedding: Float32Array): void {
    this.#embeddingBytes += embedding.byteLength - (this.#embeddings.get(item)?.byteLength ?? 0);
    this.#embeddings.set(item, embedding);
  }

  /** Takes the embedding away. Meals that showed the item stay. */
  forgetItem(item: number): void {
    this.#embeddingBytes -= this.#embeddings.get(item)?.byteLength ?? 0;
    this.#embeddings.delete(item);
  }

  /** Forgets a meal. */
  remove(meal: Meal): void {
    const meals = this.#byImage.get(meal.imageId);
    meals?.delete(meal);
    if (meals?.size === 0) this.#byImage.delete(meal.imageId);
    this.#strangers.delete(meal);
  }

  #first(imageId: string): Meal | undefined {
    return this.#byImage.get(imageId)?.values().next().value;
  }

  /** While a meal is nobody's, it is the image's only one: the next person to come takes it. */
  #mealOf(imageId: string, person: number, own: Iterable<Meal>): Meal | undefined {
    const first = this.#first(imageId);
    if (first === undefined || person === -1 || first.person === -1) return first;
    for (const meal of own) if (meal.imageId === imageId) return meal;
    return undefined;
  }

  #enter(imageId: string, person: number, atMicros: number): Meal {
    const meals = this.#byImage.get(imageId) ?? new Set<Meal>();
    const meal: Meal = {
      imageId,
      person,
      occurredAtMicros: atMicros,
      score: Number.NaN,
      labels: [],
      model: '',
      item: -1,
      photo: this.#first(imageId)?.photo ?? { review: undefined },
      next: undefined,
    };
    this.#byImage.set(imageId, meals.add(meal));
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
        const all = this.#all();
        out.list(all, all.length, (meal) => writeMeal(out, meal));
      },
      (from) => {
        for (const meal of from.list(() => readMeal(from))) {
          const meals = this.#byImage.get(meal.imageId) ?? new Set<Meal>();
          meal.photo = this.#first(meal.imageId)?.photo ?? meal.photo;
          this.#byImage.set(meal.imageId, meals.add(meal));
        }
      },
    );
    const references = referencesTo(this.#all());
    references.persist(archive, 'strangers', this.#strangers);
    this.#persistEmbeddings(archive.part('embeddings'));
    return references;
  }

  #all(): Meal[] {
    return [...this.#byImage.values()].flatMap((meals) => [...meals]);
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
      this.setEmbedding(items[i]!, floats.slice(from, from + lengths[i]!));
    }
  }
}
