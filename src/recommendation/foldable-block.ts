import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import type { RecordBlock } from '../journal/record-block.ts';

/** Records side by side, from a journal's files or from its owner. */
export type FoldableBlock = Pick<
  RecordBlock,
  'bytes' | 'length' | 'sequence' | 'appendedAtMicros' | 'tenant' | 'isTombstone' | 'from' | 'to'
> & {
  /** The event of a record, where somebody has decoded it before. */
  decoded?(at: number): Event | undefined;
  /** Where another thread has scanned the events: what it wrote, see `scanIntoWords`, … */
  readonly words?: Int32Array;
  /** … and where in it the event of a record is. */
  wordsAt?(at: number): number;
};
