/** How scores are shown to a person. */
import type { ScoreResponse } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { PalateError } from '../errors.ts';
import { formatTable } from './table.ts';

/** A photo that was sent, and what came of it. */
export interface ScoredFile {
  readonly name: string;
  readonly answer: ScoreResponse | undefined;
  /** Why there is no answer. */
  readonly error: PalateError | undefined;
  /** From sending to the answer. */
  readonly millis: number;
}

const columns = [
  { title: 'photo', maxWidth: 36 },
  { title: 'score', align: 'right' },
  { title: '±', align: 'right' },
  { title: 'what is on it', maxWidth: 48 },
  { title: 'decode', align: 'right' },
  { title: 'model', align: 'right' },
  { title: 'all ms', align: 'right' },
  { title: 'tip' },
] as const;

/**
 * A line a photo: its score, how unsure it is (0 to 1), what was seen, how long it took on the server, the tip. A photo
 * without a score has the reason and, at the end, where there is room for all of it, the message.
 */
export function scoreTable(files: readonly ScoredFile[]): string {
  return files.length === 0 ? 'no photos\n' : formatTable(columns, files.map(row));
}

/** The same of one photo, while others are still to come. */
export function scoredLine(file: ScoredFile): string {
  const { answer } = file;
  if (answer?.score === undefined) {
    const { reason, message } = failure(file);
    return `${file.name}: ${reason}: ${message}\n`;
  }
  const tip = answer.tip === '' ? '' : ` ${answer.tip}`;
  return `${file.name}: ${answer.score.toFixed(1)}, ${labelsOf(answer)}.${tip}\n`;
}

function row(file: ScoredFile): string[] {
  const { name, answer } = file;
  if (answer?.score === undefined) {
    const { reason, message } = failure(file);
    return [name, '-', '', reason, '', '', millis(answer?.timings?.totalMicros), message];
  }
  const { timings, deduplicated } = answer;
  return [
    name,
    answer.score.toFixed(1),
    answer.uncertainty.toFixed(2),
    labelsOf(answer),
    deduplicated ? 'known' : millis(timings?.decodeMicros),
    deduplicated ? '' : millis(timings?.inferenceMicros),
    millis(timings?.totalMicros),
    answer.tip,
  ];
}

function millis(micros: number | undefined): string {
  return micros === undefined ? '' : (micros / 1e3).toFixed(1);
}

/** Why there is no score: the photo was refused, or not answered at all. */
function failure({ answer, error }: ScoredFile): { readonly reason: string; readonly message: string } {
  return (
    answer?.rejection ?? error ?? { reason: 'INTERNAL', message: 'the answer has neither a score nor a rejection' }
  );
}

function labelsOf({ labels }: ScoreResponse): string {
  return labels
    .slice(0, 2)
    .map(({ name, confidence }) => `${name} ${Math.round(confidence * 100)} %`)
    .join(', ');
}
