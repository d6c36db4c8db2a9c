/**
 * Names that are held again and again, by number: each is there once, as long as somebody holds it. The number of one that
 * nobody holds any more is given again.
 */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';

export class HeldNames {
  readonly #numbers = new Map<string, number>();
  /** By number; '' where nobody holds it, as is the next. */
  readonly #names: string[] = [];
  #holders = new Int32Array(16);
  #free: number[] = [];

  /** The number of a name, which one more holds from now on. */
  hold(name: string): number {
    const number = this.#numbers.get(name) ?? this.#begin(name);
    this.#holders[number] = this.#holders[number]! + 1;
    return number;
  }

  /** One more holds the name of that number. */
  holdAgain(number: number): void {
    this.#holders[number] = this.#holders[number]! + 1;
  }

  /** One fewer holds it: after the last, the name is forgotten. */
  release(number: number): void {
    const holders = this.#holders[number]! - 1;
    this.#holders[number] = holders;
    if (holders > 0) return;
    this.#numbers.delete(this.#names[number]!);
    this.#names[number] = '';
    this.#free.push(number);
  }

  nameOf(number: number): string {
    return this.#names[number]!;
  }

  #begin(name: string): number {
    const number = this.#free.pop() ?? this.#names.length;
    this.#holders = grownInts(this.#holders, number + 1);
    this.#names[number] = name;
    this.#numbers.set(name, number);
    return number;
  }

  persist(archive: Archive): void {
    this.#holders = archive.ints('holders', this.#holders, this.#names.length);
    archive.records(
      'names',
      (out) => {
        out.list(this.#free, this.#free.length, (number) => out.number(number));
        out.list(this.#numbers, this.#numbers.size, ([name, number]) => {
          out.text(name);
          out.number(number);
        });
      },
      (from) => {
        this.#free = from.list(() => from.number());
        for (let number = 0; number < this.#holders.length; number++) this.#names.push('');
        from.times(() => this.#restore(from.text(), from.number()));
      },
    );
  }

  #restore(name: string, number: number): void {
    this.#names[number] = name;
    this.#numbers.set(name, number);
  }
}
