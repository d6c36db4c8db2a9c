import { PalateError } from '../../errors.ts';
import type { Part } from '../../lifecycle.ts';
import { LoadedModel, type ModelOptions } from './loaded-model.ts';
import { readManifest } from './manifest.ts';

/** A model to load, and how to run it. */
export interface ModelSource extends ModelOptions {
  /** See `readManifest`. */
  readonly folder: string;
  /** Default: the one that its `model.yaml` names. */
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

/**
 * The models that are served, by name and version. Of several versions of one name the highest answers where none is
 * asked for; the first source's name answers where no name is.
 */
export class ModelRegistry implements Part {
  readonly name = 'models';
  readonly #sources: readonly ModelSource[];
  /** By name, then version, in order. */
  #models: readonly LoadedModel[] = [];
  #defaultName: string | undefined;

  /** `sources`: the models that `start` loads, the default one first. */
  constructor(sources: readonly ModelSource[]) {
    this.#sources = sources;
  }

  /**
   * Loads all sources.
   * @throws PalateError as `load`
   */
  async start(signal?: AbortSignal): Promise<void> {
    for (const source of this.#sources) await this.load(source, signal);
  }

  /** Lets what runs and waits end. */
  async drain(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#models.map((model) => model.drain(signal)));
  }

  async stop(): Promise<void> {
    const models = this.#models;
    this.#models = [];
    await Promise.all(models.map((model) => model.stop()));
  }

  /**
   * Loads one more model, warms it up, and serves it from then on. The same version again takes the place of the one
   * that was there, which answers what it has.
   * @throws PalateError MODEL_INVALID, DEADLINE_EXCEEDED, WORKER_LOST; also the signal's reason
   */
  async load({ folder, version, ...options }: ModelSource, signal?: AbortSignal): Promise<LoadedModel> {
    const model = await LoadedModel.start(readManifest(folder, version), options, signal);
    const isSame = (other: LoadedModel) => other.name === model.name && other.version === model.version;
    const replaced = this.#models.find(isSame);
    this.#models = [...this.#models.filter((other) => !isSame(other)), model].sort(byNameAndVersion);
    this.#defaultName ??= model.name;
    if (replaced !== undefined) await retire(replaced);
    return model;
  }

  /**
   * Serves it no more, and resolves when it has answered what it had.
   * @throws PalateError MODEL_UNKNOWN
   */
  async unload(name: string, version: string): Promise<void> {
    const model = this.get(name, version);
    this.#models = this.#models.filter((other) => other !== model);
    await retire(model);
  }

  /**
   * The model of that name and version; empty: the default ones.
   * @throws PalateError MODEL_UNKNOWN
   */
  get(name = '', version = ''): LoadedModel {
    const wanted = name === '' ? this.#defaultName : name;
    const versions = this.#models.filter((model) => model.name === wanted);
    const found = version === '' ? versions.at(-1) : versions.find((model) => model.version === version);
    if (found !== undefined) return found;
    const known = this.#models.map((model) => `${model.name} ${model.version}`).join(', ') || 'none';
    const asked = [wanted ?? 'a model', version].join(' ').trim();
    throw new PalateError('MODEL_UNKNOWN', `${asked} is not loaded; loaded: ${known}`);
  }

  /** By name, then version. */
  list(): readonly ListedModel[] {
    return this.#models.map((model) => ({ model, isDefault: this.get(model.name) === model }));
  }
}

function byNameAndVersion(one: LoadedModel, other: LoadedModel): number {
  return one.name.localeCompare(other.name, 'en') || one.version.localeCompare(other.version, 'en', { numeric: true });
}

async function retire(model: LoadedModel): Promise<void> {
  await model.drain(AbortSignal.timeout(unloadGraceMillis));
  await model.stop();
}
