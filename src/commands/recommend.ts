/** `palate recommend`: what to show at a placement. */
import {
  RecommendationService,
  RecommendResponseSchema,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { asOfField, asOfOption } from './journal-place.ts';
import { wholeNumber } from './numbers.ts';
import { itemsTable } from './recommended-items.ts';
import { askOptions, withClient, writeJson } from './server-client.ts';

const options = {
  ...askOptions,
  placement: { type: 'string', short: 'P', value: 'NAME', description: 'The spot in the app. Default: home.' },
  user: { type: 'string', short: 'u', value: 'ID', description: 'The user.' },
  visitor: { type: 'string', value: 'ID', description: 'The visitor: a device or browser.' },
  session: { type: 'string', short: 's', value: 'ID', description: "The visit. Default: the person's latest." },
  recent: {
    type: 'string',
    short: 'r',
    value: 'LIST',
    description: "An anonymous visit's items, oldest first: a,b,c.",
  },
  item: { type: 'string', short: 'i', value: 'ID', description: 'The item that is looked at now.' },
  limit: { type: 'string', short: 'n', value: 'COUNT', description: "Items at most. Default: the placement's." },
  filter: { type: 'string', value: 'CEL', description: 'A condition on items.' },
  'include-current': { type: 'boolean', description: 'Do not leave out the item that is looked at now.' },
  ...asOfOption,
  explain: { type: 'boolean', short: 'e', description: 'Say why.' },
} as const;

export const recommend = defineCommand({
  name: 'recommend',
  summary: 'Ask what to show at a placement',
  usage: '[options]',
  options,
  examples: [
    { command: 'palate recommend --session s1 --explain', does: 'for a visit, and why' },
    { command: 'palate recommend --recent 42,17 --limit 5', does: 'for an anonymous visit' },
    { command: `palate recommend -P item -i 42 --filter 'item.price < 10.0'`, does: 'beside an item' },
  ],
  run,
});

async function run(context: CommandContext<typeof options>): Promise<void> {
  const { values } = context;
  const limit = wholeNumber('limit', values.limit, { min: 1, max: 1_000 });
  const answer = await withClient(RecommendationService, context, (client) =>
    client.recommend({
      placement: values.placement ?? 'home',
      userId: values.user ?? '',
      visitorId: values.visitor ?? '',
      sessionId: values.session ?? '',
      recentItemIds: values.recent?.split(',') ?? [],
      contextItemId: values.item ?? '',
      ...(limit === undefined ? {} : { limit }),
      ...(values['include-current'] ? { excludeCurrent: false } : {}),
      filter: values.filter ?? '',
      explain: values.explain ?? false,
      ...asOfField(values['as-of']),
    }),
  );
  if (values.json) writeJson(context.stdout, RecommendResponseSchema, answer);
  else context.stdout.write(itemsTable(answer.items));
}
