/** Where models and their tips are found, and how they are run. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import type { Part } from '../lifecycle.ts';
import { loadTips, type Tips } from '../scoring/judgement/tips.ts';
import type { ModelRegistry, ModelSource } from '../scoring/models/model-registry.ts';
import type { Log } from '../telemetry/log.ts';

/** The models that the scorer starts with, the default one first. */
export function modelSources(config: Config, log: Log): readonly ModelSource[] {
  return modelFolders(config).map((folder) => modelSource(config, folder, log));
}

export function modelSource(config: Config, folder: string, log: Log): ModelSource {
  const { provider, instances, maxBatchImages, maxQueuedImages, runTimeoutMillis, remote } = config.scoring.models;
  const { addresses, transport, maxBatches, hedgePercent, ...connection } = remote;
  return {
    remote: { addresses, transport, maxBatches, hedgeShare: hedgePercent / 100, connection },
    folder,
    provider,
    maxQueuedImages,
    runTimeoutMillis,
    log,
    ...(instances === 0 ? {} : { instances }),
    ...(maxBatchImages === 0 ? {} : { maxBatchImages }),
  };
}

function modelFolders({ scoring: { models } }: Config): readonly string[] {
  return models.folders.length > 0 ? models.folders : [shippedModel()];
}

/** Beside the sources, or one folder further up beside what was built of them. */
function shippedModel(): string {
  const places = ['../../models/food', '../../../models/food'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? places[0]!;
}

function tipFile(config: Config): string | undefined {
  const { file } = config.scoring.tips;
  if (file !== '') return file;
  const beside = join(modelFolders(config)[0]!, 'tips.yaml');
  return existsSync(beside) ? beside : undefined;
}

/** Begins to load the models; what needs them waits for `loaded`. */
export function loading(models: ModelRegistry): { readonly part: Part; loaded(): Promise<void> | undefined } {
  let loaded: Promise<void> | undefined;
  const part: Part = {
    name: models.name,
    async start(signal) {
      loaded = models.start(signal);
      loaded.catch(() => undefined);
    },
    drain: (signal) => models.drain(signal),
    stop: () => models.stop(),
  };
  return { part, loaded: () => loaded };
}

/** Tips by the rules of the file, once the models are loaded whose classes they name. */
export function tipsOf(
  config: Config,
  models: Pick<ModelRegistry, 'classes'>,
  loaded: () => Promise<void> | undefined,
): { readonly tips: Pick<Tips, 'choose'>; readonly part: Part } {
  let tips: Pick<Tips, 'choose'> = { choose: () => '' };
  const part: Part = {
    name: 'tips',
    async start() {
      await loaded();
      const file = tipFile(config);
      if (file !== undefined) tips = loadTips(file, models.classes());
    },
  };
  return { tips: { choose: (input) => tips.choose(input) }, part };
}
