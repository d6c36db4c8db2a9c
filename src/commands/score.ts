/** `palate score`: photos to a running server, and what it says of them. */
import { basename } from 'node:path';
import { type ScoreResponse, ScoreResponseSchema, ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { isPalateError, PalateError, type Reason } from '../errors.ts';
import { listImageFiles, readImageFile } from '../exchange/image-files.ts';
import { watchFolder } from '../exchange/watched-folder.ts';
import type { GrpcClient } from '../rpc/client/grpc-client.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { wholeNumber } from './numbers.ts';
import { createProgressBar } from './progress-bar.ts';
import { type ScoredFile, scoredLine, scoreTable } from './scored-files.ts';
import { askOptions, withClient, writeJson } from './server-client.ts';

const options = {
  ...askOptions,
  watch: { type: 'string', value: 'FOLDER', description: 'Score photos as they come into a folder, until Ctrl-C.' },
  user: { type: 'string', value: 'USER', description: 'Whose meals they are.' },
  session: { type: 'string', value: 'SESSION', description: 'The visit.' },
  item: { type: 'string', value: 'ITEM', description: 'The item of the catalogue that they show.' },
  'time-zone': { type: 'string', value: 'ZONE', description: 'Where they were had: Europe/Berlin. Default: UTC.' },
  model: { type: 'string', value: 'NAME', description: 'The model to score with. Default: the default one.' },
  parallel: { type: 'string', value: 'COUNT', description: 'Photos under way at a time. Default: 8.' },
} as const;

type Context = CommandContext<typeof options>;
type Score = GrpcClient<typeof ScoringService>['call']['score'];

export const score = defineCommand({
  name: 'score',
  summary: 'Score photos of meals',
  usage: '[options] IMG…',
  details: [
    'Each IMG is a file, a folder (the photos in it) or an https address, which the server fetches. The score is 1 ' +
      '(worst) to 5 (best).',
    'The command ends with code 1 when a photo could not be sent or answered. One without food is answered: it has no ' +
      'score, and says why.',
  ],
  options,
  examples: [
    { command: 'palate score lunch.jpg', does: 'a table with the score, what was seen, and a tip' },
    { command: 'palate score photos/ --user ada --time-zone Europe/Berlin', does: "a folder, as Ada's meals" },
    { command: 'palate score --watch inbox/', does: 'a line for each photo that comes in' },
    { command: 'palate score https://example.com/meal.jpg --json', does: 'a photo elsewhere, as JSON' },
  ],
  positionals: { min: 0, max: Number.MAX_SAFE_INTEGER },
  run,
});

async function run(context: Context): Promise<void> {
  const { positionals, values } = context;
  const isWatching = values.watch !== undefined;
  if (isWatching === positionals.length > 0) {
    throw new PalateError(
      'USAGE',
      isWatching ? '--watch takes no further photos.' : 'Name photos, or --watch a folder.',
    );
  }
  await withClient(ScoringService, context, ({ score }) =>
    values.watch === undefined ? scoreAll(context, score) : scoreArriving(context, score, values.watch),
  );
}

async function scoreAll(context: Context, score: Score): Promise<void> {
  const { positionals, stderr, stdout, values } = context;
  const names = (
    await Promise.all(positionals.map((path) => (isAddress(path) ? [path] : listImageFiles([path]))))
  ).flat();
  const bar = createProgressBar({ output: stderr, unit: 'photos', total: names.length });
  const files: ScoredFile[] = [];
  let done = 0;
  const work = names.entries();
  const scoreNext = async () => {
    for (const [index, name] of work) {
      if (context.signal.aborted) return;
      files[index] = await scoreOne(context, score, name);
      done += 1;
      bar.update(done);
    }
  };
  try {
    await Promise.all(Array.from({ length: parallel(context) }, scoreNext));
  } catch (error) {
    bar.clear();
    throw error;
  }
  if (names.length > 1) bar.finish(done);
  else bar.clear();
  if (values.json) for (const { answer } of files) writeAnswer(context, answer);
  else stdout.write(scoreTable(files));
  const failed = files.filter(isUnanswered);
  if (values.json) for (const file of failed) stderr.write(scoredLine(file));
  requireNone(failed, files.length);
}

async function scoreArriving(context: Context, score: Score, folder: string): Promise<void> {
  const { stderr, stdout, signal, values } = context;
  stderr.write(`watching ${folder}; end with Ctrl-C\n`);
  const failed: Unanswered[] = [];
  let photos = 0;
  for await (const name of watchFolder(folder, signal)) {
    const file = await scoreOne(context, score, name);
    // Whoever ends the command ends the photo that is under way; it did not fail.
    if (signal.aborted && file.answer === undefined) break;
    photos += 1;
    if (isUnanswered(file)) {
      failed.push(file);
      stderr.write(scoredLine(file));
    } else if (values.json) writeAnswer(context, file.answer);
    else stdout.write(scoredLine(file));
  }
  requireNone(failed, photos);
}

async function scoreOne({ values, signal }: Context, score: Score, path: string): Promise<ScoredFile> {
  const name = isAddress(path) ? path : basename(path);
  const began = performance.now();
  try {
    const image = isAddress(path)
      ? { case: 'imageUri' as const, value: path }
      : { case: 'imageBytes' as const, value: await readImageFile(path) };
    const { user = '', session = '', item = '', 'time-zone': timeZone = '', model = '' } = values;
    const request = {
      requestId: requestIdOf(name),
      userId: user,
      sessionId: session,
      itemId: item,
      timeZone,
      model,
      image,
    };
    const answer = await score(request, { signal });
    return { name, answer, error: undefined, millis: performance.now() - began };
  } catch (error) {
    // Nothing further would fare better.
    if (!isPalateError(error) || error.reason === 'UNREACHABLE') throw error;
    return { name, answer: undefined, error, millis: performance.now() - began };
  }
}

/** At most 128 bytes: a UTF-16 unit takes up to 3 in UTF-8. */
function requestIdOf(name: string): string {
  return name.slice(0, 42).toWellFormed();
}

function writeAnswer({ stdout }: Context, answer: ScoreResponse | undefined): void {
  if (answer !== undefined) writeJson(stdout, ScoreResponseSchema, answer);
}

type Unanswered = ScoredFile & { readonly error: PalateError };

function isUnanswered(file: ScoredFile): file is Unanswered {
  return file.error !== undefined;
}

/** @throws PalateError with the most frequent reason of those that failed, whose advice helps most of them. */
function requireNone(failed: readonly Unanswered[], photos: number): void {
  const [first] = failed;
  if (first === undefined) return;
  const of = photos === 1 ? 'The photo was' : `${failed.length} of ${photos} photos were`;
  const counts = new Map<Reason, number>();
  for (const { error } of failed) counts.set(error.reason, (counts.get(error.reason) ?? 0) + 1);
  const [[reason] = [first.error.reason]] = [...counts].sort(([, one], [, other]) => other - one);
  const others = [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
  throw new PalateError(reason, `${of} not answered${counts.size > 1 ? ` (${others})` : ''}.`, { cause: first.error });
}

function parallel({ values }: Context): number {
  return wholeNumber('parallel', values.parallel, { min: 1, max: 256 }) ?? 8;
}

function isAddress(path: string): boolean {
  return /^https?:\/\//i.test(path);
}
