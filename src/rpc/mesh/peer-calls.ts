import type { StatusCode } from '../../errors.ts';

/** The calls that went to one peer. */
export class PeerCalls {
  readonly #ended = new Map<StatusCode, number>();
  #underWay = 0;

  get underWay(): number {
    return this.#underWay;
  }

  /** How many ended, by how. */
  get ended(): ReadonlyMap<StatusCode, number> {
    return this.#ended;
  }

  begin(): void {
    this.#underWay += 1;
  }

  end(code: StatusCode): void {
    this.#underWay -= 1;
    this.#ended.set(code, (this.#ended.get(code) ?? 0) + 1);
  }
}
