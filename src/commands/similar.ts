/** `palate similar`: items that go with an item. */
import {
  ListSimilarItemsResponseSchema,
  RecommendationService,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { wholeNumber } from './numbers.ts';
import { itemsTable } from './recommended-items.ts';
import { askOptions, withClient, writeJson } from './server-client.ts';

const options = {
  ...askOptions,
  limit: { type: 'string', short: 'n', value: 'COUNT', description: 'Items at most. Default: 20.' },
  filter: { type: 'string', value: 'CEL', description: 'A condition on items.' },
  explain: { type: 'boolean', short: 'e', description: 'Say why.' },
} as const;

export const similar = defineCommand({
  name: 'similar',
  summary: 'Ask which items go with an item',
  usage: '[options] ITEM',
  options,
  examples: [{ command: 'palate similar 42 --limit 5 --explain', does: 'the five that go best with it, and why' }],
  positionals: { min: 1, max: 1 },
  run,
});

async function run(context: CommandContext<typeof options>): Promise<void> {
  const { values, positionals } = context;
  const answer = await withClient(RecommendationService, context, (client) =>
    client.listSimilarItems({
      itemId: positionals[0] ?? '',
      pageSize: wholeNumber('limit', values.limit, { min: 1, max: 1_000 }) ?? 20,
      filter: values.filter ?? '',
      explain: values.explain ?? false,
    }),
  );
  if (values.json) writeJson(context.stdout, ListSimilarItemsResponseSchema, answer);
  else context.stdout.write(itemsTable(answer.items));
}
