/** What control events installed: named texts, within a bound. */
import type { Archive } from './archive.ts';
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

  persist(archive: Archive): void {
    archive.records(
      'entries',
      (out) =>
        out.list(this.#entries, this.#entries.size, ([name, text]) => {
          out.text(name);
          out.text(text);
        }),
      (from) => from.times(() => this.#entries.set(from.text(), from.text())),
    );
  }
}
