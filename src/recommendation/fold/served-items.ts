/**
 * The items of a recommendation on their way into the state: memory that those of the next one are written over, so that
 * none is made for each.
 */
import { grownInts } from './growth.ts';

export class ServedItems {
  items = new Int32Array(64);
  /** The place of each, from 1. */
  positions = new Int32Array(64);
  readonly strategies: string[] = [];
  length = 0;

  clear(): void {
    this.length = 0;
  }

  /** One more, in the order served. */
  add(item: number, position: number, strategy: string): void {
    const i = this.length++;
    this.items = grownInts(this.items, this.length);
    this.positions = grownInts(this.positions, this.length);
    this.items[i] = item;
    this.positions[i] = position;
    this.strategies[i] = strategy;
  }
}
