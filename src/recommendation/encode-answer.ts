import type { AnswerItem } from './answer.ts';
import { MessageWriter } from './message-writer.ts';

/** What `Recommend` answers. */
export interface RecommendAnswer {
  readonly recommendationId: string;
  readonly items: readonly AnswerItem[];
  readonly sequence: bigint;
  readonly incomplete: boolean;
}

const writer = new MessageWriter();

/** The bytes of a `palate.recommendation.v1.RecommendResponse`. */
export function encodeAnswer({ recommendationId, items, sequence, incomplete }: RecommendAnswer): Uint8Array {
  writer.begin().text(1, recommendationId);
  for (const item of items) writer.message(2, () => writeItem(item));
  writer.count(3, Number(sequence));
  writer.flag(4, incomplete);
  return writer.finish();
}

function writeItem({ itemId, score, strategy, reasons }: AnswerItem): void {
  writer.text(1, itemId);
  writer.double(2, score);
  writer.text(3, strategy);
  for (const reason of reasons) {
    writer.message(4, () => {
      writer.text(1, reason.text);
      for (const id of reason.itemIds) writer.element(2, id);
      writer.count(3, reason.sessions);
    });
  }
}
