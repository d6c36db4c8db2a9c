import { PalateError } from '../../errors.ts';
import type { Part } from '../../lifecycle.ts';
import { LoadedModel } from './loaded-model.ts';
import { byVersion, readManifest, readVersions, type ServedVersions } from './manifest.ts';
import type { ModelOptions } from './model-options.ts';

/** A model to load, and how to run it. */
export interface ModelSource extends ModelOptions {
  /** See `readManifest`. */
  readonly folder: string;
  /** Default: those that its `model.yaml` names. */
  readonly version?: string;
}

/** A model in the list, as `ListModels` tells of it. */
export interface ListedModel {
  readonly model: LoadedModel;
  /** Whether it answers where its name is asked for, but no version. */
  readonly isDefault: boolean;
}

/** How long the unloading of a model waits for what it still has to answer. */
const unloadGraceMillis = 30_000;

/** What is served: replaced as a whole, so that nobody sees half of a change. */
interface Served {
  /** By name, then version, in order. */
  readonly models: readonly LoadedModel[];
  /** Of each name the version that its `model.yaml` gives. */
  readonly defaults: ReadonlyMap<string, string>;
}

/**
 * The models that are served, by name and version. Where no version is asked for, the one that `model.yaml` names answers, or
 * the highest where that one is not served; where no name is, the first source's. Whoever uses a model for longer than one
 * call holds it (`LoadedModel.hold`), in the same turn in which `get` gave it.
 */
export class ModelRegistry implements Part {
  readonly name = 'models';
  readonly #sources: readonly ModelSource[];
  #served: Served = { models: [], defaults: new Map() };
  #defaultName: string | undefined;
  /** Settles when what `replace` took out of service has ended. */
  #retired: Promise<unknown> = Promise.resolve();

  /** `sources`: the models that `start` loads, the default one first. */
  constructor(sources: readonly ModelSource[]) {
    this.#sources = sources;
  }

  /**
   * Loads all sources.
   * @throws PalateError as `load`
   */
  async start(signal?: AbortSignal): Promise<void> {
    for (const source of this.#sources) {
      const versions = source.version === undefined ? readVersions(source.folder).versions : [source.version];
      for (const version of versions) await this.load({ ...source, version }, signal);
    }
  }

  /** Lets what runs and waits end. */
  async drain(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#served.models.map((model) => model.drain(signal)));
  }

  async stop(): Promise<void> {
    const { models } = this.#served;
    this.#served = { models: [], defaults: new Map() };
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
    const isOther = (other: LoadedModel) => other.name !== model.name || other.version !== model.version;
    const replaced = this.#swap(model.name, this.#served.models.filter(isOther), [model], defaultVersion);
    await Promise.all(replaced.map(retire));
    return model;
  }

  /**
   * Serves exactly these versions of a model, loaded anew and warmed up, in place of what was served under its name: all at
   * once, when the last of them is ready. Resolves then; those that were there answer what they have, and end before the next
   * replacement begins, so that no more than two are in memory.
   * @throws PalateError as `load`; nothing has changed then
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
    const others = this.#served.models.filter((model) => model.name !== name);
    const replaced = this.#swap(name, others, models, defaultVersion);
    this.#retired = Promise.allSettled(replaced.map(retire));
  }

  /**
   * Serves it no more, and resolves when it has answered what it had. Empty: all its versions.
   * @throws PalateError MODEL_UNKNOWN
   */
  async unload(name: string, version: string): Promise<void> {
    const unwanted = version === '' ? this.versionsOf(name) : [this.get(name, version)];
    if (unwanted.length === 0) this.get(name);
    const models = this.#served.models.filter((model) => !unwanted.includes(model));
    this.#served = { ...this.#served, models };
    await Promise.all(unwanted.map(retire));
  }

  /** The versions of a model that are served, in order. */
  versionsOf(name: string): readonly LoadedModel[] {
    return this.#served.models.filter((model) => model.name === name);
  }

  /**
   * The model of that name and version; empty: the default ones.
   * @throws PalateError MODEL_UNKNOWN
   */
  get(name = '', version = ''): LoadedModel {
    const { models, defaults } = this.#served;
    const wanted = (name === '' ? this.#defaultName : name) ?? '';
    const versions = this.versionsOf(wanted);
    const byDefault = versions.find((model) => model.version === defaults.get(wanted)) ?? versions.at(-1);
    const found = version === '' ? byDefault : versions.find((model) => model.version === version);
    if (found !== undefined) return found;
    const known = models.map((model) => `${model.name} ${model.version}`).join(', ') || 'none';
    const asked = [wanted || 'a model', version].join(' ').trim();
    throw new PalateError('MODEL_UNKNOWN', `${asked} is not loaded; loaded: ${known}`);
  }

  /** By name, then version. */
  list(): readonly ListedModel[] {
    return this.#served.models.map((model) => ({ model, isDefault: this.get(model.name) === model }));
  }

  /** In one step. Returns those that are served no more. */
  #swap(
    name: string,
    others: readonly LoadedModel[],
    models: readonly LoadedModel[],
    defaultVersion: string,
  ): readonly LoadedModel[] {
    const { models: before, defaults } = this.#served;
    const after = [...others, ...models].sort(byNameAndVersion);
    this.#served = { models: after, defaults: new Map(defaults).set(name, defaultVersion) };
    this.#defaultName ??= name;
    return before.filter((model) => !after.includes(model));
  }
}

function byNameAndVersion(one: LoadedModel, other: LoadedModel): number {
  return one.name.localeCompare(other.name, 'en') || byVersion(one.version, other.version);
}

async function retire(model: LoadedModel): Promise<void> {
  await model.drain(AbortSignal.timeout(unloadGraceMillis));
  await model.stop();
}
