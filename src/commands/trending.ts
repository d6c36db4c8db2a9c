/** `palate trending`: items that are popular now. */
import {
  ListTrendingItemsResponseSchema,
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

export const trending = defineCommand({
  name: 'trending',
  summary: 'Ask which items are popular now',
  usage: '[options] [CATEGORY]',
  options,
  examples: [
    { command: 'palate trending', does: 'in all' },
    { command: 'palate trending fruit/apple --limit 5', does: 'in a category and those below it' },
  ],
  positionals: { min: 0, max: 1 },
  run,
});

async function run(context: CommandContext<typeof options>): Promise<void> {
  const { values, positionals } = context;
  const answer = await withClient(RecommendationService, context, (client) =>
    client.listTrendingItems({
      category: positionals[0] ?? '',
      pageSize: wholeNumber('limit', values.limit, { min: 1, max: 1_000 }) ?? 20,
      filter: values.filter ?? '',
      explain: values.explain ?? false,
    }),
  );
  if (values.json) writeJson(context.stdout, ListTrendingItemsResponseSchema, answer);
  else context.stdout.write(itemsTable(answer.items));
}
