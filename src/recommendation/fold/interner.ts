/** Gives strings dense numbers, 0, 1, 2, … in the order of their first appearance. */
export class Interner {
  readonly #numbers = new Map<string, number>();
  readonly #strings: string[] = [];

  /** How many strings there are; the next new one gets this number. */
  get size(): number {
    return this.#strings.length;
  }

  numberOf(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  /** The number of `text`, a new one where it is not known yet. */
  intern(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#strings.length;
    this.#numbers.set(text, number);
    this.#strings.push(text);
    return number;
  }

  /** The string behind a number that `intern` gave. */
  textOf(number: number): string {
    return this.#strings[number]!;
  }
}
