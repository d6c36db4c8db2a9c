/** `palate config`: the effective configuration, and what every key means. */
import { Document, isMap, isScalar } from 'yaml';
import { place, type Tree } from '../config/tree.ts';
import { describeConfig, type InspectedConfig, type SettingDescription } from '../config.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { clientOptions, configSources, serverOptions } from './config-options.ts';
import { wrap } from './text-layout.ts';

const options = {
  ...serverOptions,
  ...clientOptions,
  describe: {
    type: 'boolean',
    description: 'List every key with its type, default, environment variable and meaning.',
  },
  json: { type: 'boolean', description: 'As JSON: durations in milliseconds, sizes in bytes.' },
} as const;

export const config = defineCommand({
  name: 'config',
  summary: 'Show the effective configuration, or describe every key',
  usage: '[options]',
  details: [
    'A key comes from a flag, else from the environment (PALATE_RPC_MAX_TIMEOUT for rpc.maxTimeout), else from the file, ' +
      'else it has its default. What is printed can be used as a file; the comments say where each value came from. ' +
      'Secrets are not shown.',
  ],
  options,
  examples: [
    { command: 'palate config', does: 'What a server started here would use.' },
    { command: 'palate config --describe', does: 'Every key, for reading.' },
    { command: 'PALATE_PORT=6000 palate config --json', does: 'The typed form, for a program.' },
    { command: 'palate config > new.yaml', does: 'A file to start from.' },
  ],
  async run(context) {
    context.stdout.write(printed(context));
  },
});

function printed({ values, stdout, inspectConfig }: CommandContext<typeof options>): string {
  if (values.describe === true) return values.json === true ? asJson(describeConfig()) : described(stdout.columns);
  const inspected = inspectConfig(configSources(values));
  return values.json === true ? asJson(withoutSecrets(inspected)) : asFile(inspected);
}

function withoutSecrets({ config, settings }: InspectedConfig): Tree {
  const tree: Tree = structuredClone(config) as object as Tree;
  for (const { key, value, isSecret } of settings) if (isSecret) place(tree, key.split('.'), value);
  return tree;
}

function asJson(value: Tree | readonly SettingDescription[]): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** YAML, with a comment wherever a value is not the default. */
function asFile({ settings, file }: InspectedConfig): string {
  const tree: Tree = {};
  for (const { key, value } of settings) place(tree, key.split('.'), structuredClone(value));
  const document = new Document(tree, { aliasDuplicateObjects: false });
  document.commentBefore = ` Effective configuration; file read: ${file ?? 'none'}`;
  for (const { key, origin } of settings) {
    if (origin !== 'default') remark(document, key.split('.'), ` from ${origin}`);
  }
  return document.toString({ lineWidth: 120 });
}

/** After a plain value, or above the key of a list or a map. */
function remark(document: Document, path: readonly string[], comment: string): void {
  const value: unknown = document.getIn(path, true);
  if (isScalar(value)) {
    value.comment = comment;
    return;
  }
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined;
  if (isScalar(pair?.key)) pair.key.commentBefore = comment;
}

/** A paragraph a key. */
function described(columns: number): string {
  return describeConfig()
    .map((setting) => {
      const ways = [setting.environment, setting.flag].filter((way) => way !== undefined).join(', ');
      const ending = setting.default === undefined ? 'required' : `default ${JSON.stringify(setting.default)}`;
      const body = [setting.description, `It is ${setting.allowed}; ${ending}.`, ...(ways === '' ? [] : [ways])];
      const lines = body.flatMap((text) => wrap(text, columns - 4)).map((line) => `    ${line}\n`);
      return `${setting.key}\n${lines.join('')}`;
    })
    .join('\n');
}
