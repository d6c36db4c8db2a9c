/** What control events installed: named texts, within a bound. */
export class Installed {
  readonly #entries = new Map<string, string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): string | undefined {
    return this.#entries.get(name);
  }

  /** The names, the latest installed last. */
  keys(): MapIterator<string> {
    return this.#entries.keys();
  }

  /** By name, the latest installed last. */
  entries(): Iterable<[string, string]> {
    return this.#entries.entries();
  }

  /** An empty text takes the entry away. Beyond the bound the entry that was installed longest ago goes. */
  set(name: string, text: string): void {
    this.#entries.delete(name);
    if (text !== '') this.#entries.set(name, text);
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value as string);
  }
}
