/** `palate similar`: items that go with an item. */
import { ListSimilarItemsResponseSchema } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { defineCommand } from './command.ts';
import { listOptions, printItems } from './item-list.ts';

export const similar = defineCommand({
  name: 'similar',
  summary: 'Ask which items go with an item',
  usage: '[options] ITEM',
  options: listOptions,
  examples: [{ command: 'palate similar 42 --limit 5 --explain', does: 'the five that go best with it, and why' }],
  positionals: { min: 1, max: 1 },
  run: (context) =>
    printItems(context, ListSimilarItemsResponseSchema, (client, request) =>
      client.listSimilarItems({ ...request, itemId: context.positionals[0] ?? '' }),
    ),
});
