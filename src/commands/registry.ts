/** The commands of `palate`. Each is loaded when it is called, so that `palate --help` is quick. */
import type { Command } from './command.ts';

export interface Entry {
  readonly name: string;
  readonly group: Group;
  /** The same line as in the command itself. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** In the order of the help. */
export const groups = ['Run a server', 'Send data', 'Ask a server', 'Look things up'] as const;
export type Group = (typeof groups)[number];

/** One line a command. */
export const registry: readonly Entry[] = [
  entry('serve', 'Run a server', 'Run the server', () => import('./serve.ts').then((file) => file.serve)),
  entry('load', 'Send data', 'Load events from files, with a progress bar', () =>
    import('./load.ts').then((file) => file.load),
  ),
  entry('publish', 'Send data', 'Publish events given as JSON', () =>
    import('./publish.ts').then((file) => file.publish),
  ),
  entry('recommend', 'Ask a server', 'Ask what to show at a placement', () =>
    import('./recommend.ts').then((file) => file.recommend),
  ),
  entry('similar', 'Ask a server', 'Ask which items go with an item', () =>
    import('./similar.ts').then((file) => file.similar),
  ),
  entry('trending', 'Ask a server', 'Ask which items are popular now', () =>
    import('./trending.ts').then((file) => file.trending),
  ),
  entry('score', 'Ask a server', 'Score photos of meals', () => import('./score.ts').then((file) => file.score)),
  entry('models', 'Ask a server', 'Show the models of a server: what they run on, and how fast they are', () =>
    import('./models.ts').then((file) => file.models),
  ),
  entry('status', 'Ask a server', 'Show where a server, its journal, its state and its scorer stand', () =>
    import('./status.ts').then((file) => file.status),
  ),
  entry('replay', 'Look things up', 'Fold the journal again, and print the digest and the speed', () =>
    import('./replay.ts').then((file) => file.replay),
  ),
  entry('snapshot', 'Look things up', 'Write a snapshot of the state, from which a server starts at once', () =>
    import('./snapshot.ts').then((file) => file.snapshot),
  ),
  entry('token', 'Look things up', 'Make a token, with the hash that the configuration of a server has', () =>
    import('./token.ts').then((file) => file.token),
  ),
  entry('schema', 'Look things up', 'Print the JSON Schema of every event', () =>
    import('./schema.ts').then((file) => file.schema),
  ),
  entry('config', 'Look things up', 'Show the effective configuration, or describe every key', () =>
    import('./config.ts').then((file) => file.config),
  ),
];

function entry(name: string, group: Group, summary: string, load: () => Promise<Command>): Entry {
  return { name, group, summary, load };
}
