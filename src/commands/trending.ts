/** `palate trending`: items that are popular now. */
import { ListTrendingItemsResponseSchema } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { defineCommand } from './command.ts';
import { listOptions, printItems } from './item-list.ts';

export const trending = defineCommand({
  name: 'trending',
  summary: 'Ask which items are popular now',
  usage: '[options] [CATEGORY]',
  options: listOptions,
  examples: [
    { command: 'palate trending', does: 'in all' },
    { command: 'palate trending fruit/apple --limit 5', does: 'in a category and those below it' },
  ],
  positionals: { min: 0, max: 1 },
  run: (context) =>
    printItems(context, ListTrendingItemsResponseSchema, (client, request) =>
      client.listTrendingItems({ ...request, category: context.positionals[0] ?? '' }),
    ),
});
