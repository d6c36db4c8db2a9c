/** Who is being erased, for followers: their states hold these users until they have been folded anew. */

export interface MaskedUser {
  readonly tenant: string;
  readonly userId: string;
}

const nobody: readonly MaskedUser[] = [];

/** The users whose erasure is acknowledged, until none is under way. */
export class MaskedUsers {
  #users = nobody;

  add(user: MaskedUser): void {
    this.#users = [...this.#users, user];
  }

  /** The same array until something changes. `pending`: how many erasures are under way. */
  list(pending: number): readonly MaskedUser[] {
    if (pending === 0) this.#users = nobody;
    return this.#users;
  }
}
