import { PalateError } from '../../errors.ts';
import type { Part } from '../../lifecycle.ts';
import { LoadedModel } from './loaded-model.ts';
import { readManifest, readVersions, type ServedVersions } from './manifest.ts';
import type { ModelChain } from './model-chain.ts';
import type { ModelClass } from './model-class.ts';
import type { ModelOptions } from './model-options.ts';
import { isPipeline, readPipeline } from './pipeline-manifest.ts';
import {
  chainIn,
  classesIn,
  modelIn,
  nothingServed,
  pipelinesOf,
  type Served,
  type ServedPipeline,
  withModels,
  withoutPipeline,
  withPipeline,
} from './served.ts';

/** A model or a pipeline to load, and how to run it. */
export interface ModelSource extends ModelOptions {
  /** See `readManifest` and `readPipeline`. */
  readonly folder: string;
  /** Of a model. Default: those that its `model.yaml` names. */
  readonly version?: string;
}

/** A model in the list, as `ListModels` tells of it. */
export interface ListedModel {
  readonly model: LoadedModel;
  /** Whether it answers where its name is asked for, but no version. */
  readonly isDefault: boolean;
}

/** A pipeline in the list. */
export interface ListedPipeline extends ServedPipeline {
  /** Whether it answers where no name is asked for. */
  readonly isDefault: boolean;
}

/** How long the unloading of a model waits for what it still has to answer. */
const unloadGraceMillis = 30_000;

/**
 * The models that are served, by name and version, and the pipelines of them. Where no version is asked for, the one that
 * `model.yaml` names answers, or the highest where that one is not served; where no name is, the first source. Whoever uses a
 * model for longer than one call holds it (`LoadedModel.hold`), in the same turn in which `get` or `chain` gave it.
 */
export class ModelRegistry implements Part {
  readonly name = 'models';
  readonly #sources: readonly ModelSource[];
  #served: Served = nothingServed;
  /** Settles when what `replace` took out of service has ended. */
  #retired: Promise<unknown> = Promise.resolve();

  /** `sources`: the models and pipelines that `start` loads, the default one first. */
  constructor(sources: readonly ModelSource[]) {
    this.#sources = sources;
  }

  /**
   * Loads all sources, the pipelines when all models are there.
   * @throws PalateError as `load` and `servePipeline`
   */
  async start(signal?: AbortSignal): Promise<void> {
    const [first] = this.#sources;
    const pipelines = this.#sources.filter(({ folder }) => isPipeline(folder));
    if (first !== undefined && pipelines[0] === first) {
      this.#served = { ...this.#served, defaultName: readPipeline(first.folder).name };
    }
    for (const source of this.#sources.filter((one) => !pipelines.includes(one))) {
      const versions = source.version === undefined ? readVersions(source.folder).versions : [source.version];
      for (const version of versions) await this.load({ ...source, version }, signal);
    }
    for (const { folder } of pipelines) this.servePipeline(folder);
  }

  /** Lets what runs and waits end. */
  async drain(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#served.models.map((model) => model.drain(signal)));
  }

  async stop(): Promise<void> {
    const { models } = this.#served;
    this.#served = nothingServed;
    await Promise.all([this.#retired, ...models.map((model) => model.stop())]);
  }

  /**
   * Loads one more version, warms it up, and serves it from then on. The same version again takes the place of the one
   * that was there, which answers what it has.
   * @throws PalateError MODEL_INVALID, DEADLINE_EXCEEDED, WORKER_LOST; also the signal's reason. Nothing has changed then.
   */
  async load({ folder, version, ...options }: ModelSource, signal?: AbortSignal): Promise<LoadedModel> {
    const { defaultVersion } = readVersions(folder);
    const model = await LoadedModel.start(readManifest(folder, version), options, signal);
    const others = this.versionsOf(model.name).filter((other) => other.version !== model.version);
    const replaced = await this.#swap(model.name, others, [model], defaultVersion);
    await Promise.all(replaced.map(retire));
    return model;
  }

  /**
   * Serves exactly these versions of a model, loaded anew and warmed up, in place of what was served under its name: all at
   * once, when the last of them is ready. Resolves then; those that were there answer what they have, and end before the next
   * replacement begins, so that no more than two are in memory. Pipelines go on with the new ones.
   * @throws PalateError as `load`; MODEL_INVALID where a pipeline could not go on. Nothing has changed then.
   */
  async replace(
    { name, versions, defaultVersion }: ServedVersions,
    { folder, version: _, ...options }: ModelSource,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#retired;
    const models: LoadedModel[] = [];
    try {
      for (const version of versions) {
        models.push(await LoadedModel.start(readManifest(folder, version), options, signal));
      }
      signal?.throwIfAborted();
    } catch (error) {
      await Promise.all(models.map((model) => model.stop()));
      throw error;
    }
    const replaced = await this.#swap(name, [], models, defaultVersion);
    this.#retired = Promise.allSettled(replaced.map(retire));
  }

  /**
   * Serves it no more, and resolves when it has answered what it had. Empty: all its versions.
   * @throws PalateError MODEL_UNKNOWN; MODEL_IN_USE where pipelines have it as a step
   */
  async unload(name: string, version: string): Promise<void> {
    const unwanted = version === '' ? this.versionsOf(name) : [this.get(name, version)];
    if (unwanted.length === 0) this.get(name);
    const pipelines = pipelinesOf(this.#served, name);
    if (pipelines.length > 0) {
      throw new PalateError('MODEL_IN_USE', `${name} is a step of pipeline ${pipelines.join(', ')}: unload that first`);
    }
    const models = this.#served.models.filter((model) => !unwanted.includes(model));
    this.#served = { ...this.#served, models };
    await Promise.all(unwanted.map(retire));
  }

  /**
   * Reads a pipeline's folder and serves it over the models that are served, in place of the one of its name.
   * @throws PalateError MODEL_INVALID. Nothing has changed then.
   */
  servePipeline(folder: string): void {
    this.#served = withPipeline(this.#served, readPipeline(folder));
  }

  /** Serves a pipeline no more; its models stay. False: there is none of that name. */
  removePipeline(name: string): boolean {
    const isServed = this.#served.pipelines.has(name);
    this.#served = withoutPipeline(this.#served, name);
    return isServed;
  }

  /** The versions of a model that are served, in order. */
  versionsOf(name: string): readonly LoadedModel[] {
    return this.#served.models.filter((model) => model.name === name);
  }

  /**
   * The model of that name and version; empty: the default ones.
   * @throws PalateError MODEL_UNKNOWN, also where the name is that of a pipeline
   */
  get(name = '', version = ''): LoadedModel {
    return modelIn(this.#served, name, version);
  }

  /**
   * What scores photos under that name and version: a model, or a pipeline; empty: the default ones.
   * @throws PalateError MODEL_UNKNOWN
   */
  chain(name = '', version = ''): ModelChain {
    return chainIn(this.#served, name, version);
  }

  /** What all models can tell apart, those of the default one first; none where none is served. */
  classes(): readonly ModelClass[] {
    return classesIn(this.#served);
  }

  /** By name, then version. */
  list(): readonly ListedModel[] {
    return this.#served.models.map((model) => ({ model, isDefault: this.get(model.name) === model }));
  }

  /** By name. */
  pipelines(): readonly ListedPipeline[] {
    const { pipelines, defaultName } = this.#served;
    const sorted = [...pipelines.values()].sort((one, other) => one.chain.name.localeCompare(other.chain.name, 'en'));
    return sorted.map((pipeline) => ({ ...pipeline, isDefault: pipeline.chain.name === defaultName }));
  }

  /**
   * Serves models beside others of their name, in one step. Returns those that are served no more. Where that can't be, the
   * models are stopped.
   */
  async #swap(
    name: string,
    others: readonly LoadedModel[],
    models: readonly LoadedModel[],
    defaultVersion: string,
  ): Promise<readonly LoadedModel[]> {
    const before = this.#served.models;
    try {
      this.#served = withModels(this.#served, name, [...others, ...models], defaultVersion);
    } catch (error) {
      await Promise.all(models.map((model) => model.stop()));
      throw error;
    }
    const after = this.#served.models;
    return before.filter((model) => !after.includes(model));
  }
}

async function retire(model: LoadedModel): Promise<void> {
  await model.drain(AbortSignal.timeout(unloadGraceMillis));
  await model.stop();
}
