import type { Log } from '../../rpc/log.ts';
import type { State } from '../fold/state.ts';
import { TallyThread } from './tally-thread.ts';

/**
 * What helps a replay from beside: a thread that keeps the tallies. It costs nothing but time to do without, so where it is
 * lost the log says so and the state is empty again, to be folded anew and alone.
 */
export class ReplayHelp {
  readonly #state: State;
  readonly #log: Log;
  #thread: TallyThread | undefined;

  /** `state`: an empty one, which notes its tallies from now on. */
  constructor(state: State, log: Log) {
    this.#state = state;
    this.#log = log;
    const thread = new TallyThread(state.settings);
    this.#thread = thread;
    state.noteTallies((tenant) => thread.openLog(tenant));
  }

  /** Waits while the thread is too far behind. False: it was lost, and the state is empty. */
  keepPace(): Promise<boolean> {
    return this.#try(async (thread) => thread.room());
  }

  /** Makes the state whole, while nothing is folded. False as above. */
  end(): Promise<boolean> {
    return this.#try(async (thread) => {
      const tallies = await thread.finish();
      this.#state.takeTallies(tallies);
      this.#thread = undefined;
    });
  }

  /** Lets go of the thread, whatever it is at. The state is not whole then. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.stop();
  }

  async #try(step: (thread: TallyThread) => Promise<void>): Promise<boolean> {
    if (this.#thread === undefined) return true;
    try {
      await step(this.#thread);
      return true;
    } catch (error) {
      // Stopped: nobody goes on.
      if (this.#thread === undefined) return true;
      this.#log.warn({ err: error }, 'the replay begins anew, without a second thread');
      this.#state.clear();
      await this.stop();
      return false;
    }
  }
}
