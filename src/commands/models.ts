/** `palate models`: what a server scores with. */
import {
  ListModelsResponseSchema,
  type LoadedModel,
  type LoadedPipeline,
  ScoringService,
} from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { askOptions, withClient, writeJson } from './server-client.ts';
import { formatTable } from './table.ts';

export const models = defineCommand({
  name: 'models',
  summary: 'Show the models of a server: what they run on, and how fast they are',
  usage: '[options]',
  details: ['A batch of n images takes a · n + b; the server learns both as it goes, for each instance.'],
  options: askOptions,
  examples: [
    { command: 'palate models', does: 'a line an instance' },
    { command: 'palate models --json', does: 'everything, the labels included' },
  ],
  run,
});

async function run(context: CommandContext<typeof askOptions>): Promise<void> {
  const answer = await withClient(ScoringService, context, (client) => client.listModels({}));
  if (context.values.json) writeJson(context.stdout, ListModelsResponseSchema, answer);
  else context.stdout.write(modelTable(answer.models) + pipelineTable(answer.pipelines));
}

function modelTable(loaded: readonly LoadedModel[]): string {
  const columns = [
    { title: 'model' },
    { title: 'version' },
    { title: '' },
    { title: 'runs on' },
    { title: 'instance' },
    { title: 'ms an image', align: 'right' },
    { title: 'ms a batch', align: 'right' },
    { title: 'at most', align: 'right' },
    { title: 'images', align: 'right' },
    { title: 'batches', align: 'right' },
  ] as const;
  const rows = loaded.flatMap(({ model, isDefault, provider, requestedProvider, instances, maxBatchImages }) =>
    instances.map(({ name, perImageMicros, perBatchMicros, images, batches }) => [
      model?.name ?? '',
      model?.version ?? '',
      isDefault ? 'default' : '',
      provider === requestedProvider ? provider : `${provider}, not ${requestedProvider}`,
      name,
      (perImageMicros / 1e3).toFixed(2),
      (perBatchMicros / 1e3).toFixed(2),
      String(maxBatchImages),
      String(images),
      String(batches),
    ]),
  );
  return rows.length === 0 ? 'no models\n' : formatTable(columns, rows);
}

function pipelineTable(pipelines: readonly LoadedPipeline[]): string {
  const columns = [
    { title: 'pipeline' },
    { title: 'version' },
    { title: '' },
    { title: 'step' },
    { title: 'model' },
    { title: 'when' },
  ];
  const rows = pipelines.flatMap(({ model, isDefault, steps }) =>
    steps.map(({ name, when, otherwise }, index) => [
      model?.name ?? '',
      model?.version ?? '',
      isDefault ? 'default' : '',
      name,
      `${model?.steps[index]?.name ?? ''} ${model?.steps[index]?.version ?? ''}`,
      when === '' ? '' : `${when}, otherwise ${otherwise}`,
    ]),
  );
  return rows.length === 0 ? '' : `\n${formatTable(columns, rows)}`;
}
