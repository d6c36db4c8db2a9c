import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isPalateError, PalateError } from '../../errors.ts';
import { byVersion, readVersions, type ServedVersions, versionsIn } from './manifest.ts';
import { wordPattern } from './manifest-schema.ts';
import type { ModelRegistry, ModelSource } from './model-registry.ts';
import { isPipeline, readPipeline } from './pipeline-manifest.ts';

export interface ModelRepositoryOptions {
  readonly registry: ModelRegistry;
  /** The folders of models that may be loaded, and how to run them. */
  readonly sources: readonly ModelSource[];
  /** A folder of further models' folders, each named like its model. */
  readonly root?: ModelSource;
  /** False: what is served stays as it is. */
  readonly mayChange: boolean;
}

/** Which of the versions that are there to serve. */
export type VersionChoice = { readonly latest: number } | { readonly only: readonly string[] } | 'all';

/** A version of a model, as `RepositoryIndex` tells of it. */
export interface IndexedVersion {
  readonly name: string;
  /** Empty: nothing is known of its versions. */
  readonly version: string;
  readonly state: 'READY' | 'LOADING' | 'UNLOADING' | 'UNAVAILABLE';
  /** Why it is not ready. */
  readonly reason: string;
}

/** Changes that may wait for those before them. */
const maxWaiting = 16;

/**
 * The models and pipelines that are on the disk, of which the registry serves some. Changes are made one after the other; each takes effect
 * at once and as a whole, or not at all.
 */
export class ModelRepository {
  readonly #options: ModelRepositoryOptions;
  /** What is being done with a model. */
  readonly #doing = new Map<string, 'LOADING' | 'UNLOADING'>();
  /** Why the last loading of a model failed. */
  readonly #failures = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: ModelRepositoryOptions) {
    this.#options = options;
  }

  /** All versions that are there, and those that are served. */
  index(): readonly IndexedVersion[] {
    const folders = this.#folders();
    const served = this.#options.registry.list().map(({ model }) => model.name);
    const pipelines = this.#options.registry.pipelines().map(({ chain }) => chain.name);
    const names = [...new Set([...folders.keys(), ...served, ...pipelines])].sort();
    return names.flatMap((name) => this.#indexOf(name, folders.get(name)));
  }

  /**
   * Reads a model's folder again, loads the versions that it is to serve, and serves them in place of those before. That of a
   * pipeline is served over the models as they are.
   * @throws PalateError MODELS_FIXED, MODEL_UNKNOWN, MODEL_INVALID, OVERLOADED, DEADLINE_EXCEEDED, WORKER_LOST; also the
   * signal's reason. Nothing has changed then.
   */
  async load(name: string, choice: VersionChoice | undefined, signal: AbortSignal): Promise<void> {
    this.#checkMayChange();
    await this.#inTurn(name, 'LOADING', signal, async () => {
      const source = this.#folders().get(name);
      if (source === undefined) throw this.#unknown(name);
      try {
        await this.#serve(name, source, choice, signal);
        this.#failures.delete(name);
      } catch (error) {
        const message = isPalateError(error) ? error.message : 'internal error';
        this.#failures.set(name, message);
        throw failedToLoad(error, name);
      }
    });
  }

  async #serve(
    name: string,
    source: ModelSource,
    choice: VersionChoice | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { registry } = this.#options;
    const { folder } = source;
    const versions = isPipeline(folder) ? undefined : chosenVersions(folder, choice);
    const found = versions?.name ?? readPipeline(folder).name;
    if (found !== name) throw new PalateError('MODEL_INVALID', `${folder}: it has the name ${found} by now`);
    if (versions !== undefined) await registry.replace(versions, source, signal);
    else if (choice === undefined) registry.servePipeline(folder);
    else throw new PalateError('MODEL_INVALID', `${folder}: a pipeline has one version, none to choose from`);
  }

  /**
   * Serves a model no more, with all its versions; or a pipeline, whose models stay.
   * @throws PalateError MODELS_FIXED, MODEL_UNKNOWN, MODEL_IN_USE, OVERLOADED; also the signal's reason
   */
  async unload(name: string, signal: AbortSignal): Promise<void> {
    this.#checkMayChange();
    const { registry } = this.#options;
    await this.#inTurn(name, 'UNLOADING', signal, async () => {
      if (registry.removePipeline(name)) return;
      // Known but not loaded: it is as it should be.
      if (registry.versionsOf(name).length > 0) await registry.unload(name, '');
      else if (!this.#folders().has(name)) throw this.#unknown(name);
    });
  }

  #indexOf(name: string, source: ModelSource | undefined): IndexedVersion[] {
    const { registry } = this.#options;
    const pipelines = registry.pipelines().filter(({ chain }) => chain.name === name);
    const served = [...registry.versionsOf(name), ...pipelines.map(({ chain }) => chain)].map(({ version }) => version);
    const there = source === undefined ? [] : versionsOf(source.folder);
    const versions = [...new Set([...there, ...served])].sort(byVersion);
    const doing = this.#doing.get(name);
    const reason = this.#failures.get(name) ?? 'unloaded';
    return (versions.length === 0 ? [''] : versions).map((version) => {
      if (doing === 'UNLOADING') return { name, version, state: doing, reason: '' };
      if (served.includes(version)) return { name, version, state: 'READY', reason: '' };
      if (doing === 'LOADING') return { name, version, state: doing, reason: '' };
      return { name, version, state: 'UNAVAILABLE', reason };
    });
  }

  /** By the models' names. A folder whose `model.yaml` is broken has the name of the folder. */
  #folders(): ReadonlyMap<string, ModelSource> {
    const { sources, root } = this.#options;
    const all = new Map<string, ModelSource>();
    const further = root === undefined ? [] : modelsIn(root);
    for (const source of [...further, ...sources]) all.set(nameOf(source.folder), source);
    return all;
  }

  async #inTurn(
    name: string,
    doing: 'LOADING' | 'UNLOADING',
    signal: AbortSignal,
    change: () => Promise<void>,
  ): Promise<void> {
    if (this.#waiting >= maxWaiting) {
      throw new PalateError('OVERLOADED', `${this.#waiting} changes of models wait already`, {
        retryAfterMillis: 5_000,
      });
    }
    this.#waiting++;
    const turn = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    try {
      await turn;
      signal.throwIfAborted();
      this.#doing.set(name, doing);
      await change();
    } finally {
      this.#doing.delete(name);
      this.#waiting--;
      resolve();
    }
  }

  #checkMayChange(): void {
    if (this.#options.mayChange) return;
    throw new PalateError(
      'MODELS_FIXED',
      'explicit model load / unload is not allowed: what this server serves is fixed',
    );
  }

  #unknown(name: string): PalateError {
    const known = [...this.#folders().keys()].sort().join(', ') || 'none';
    return new PalateError('MODEL_UNKNOWN', `'${name}' is in no folder of models of this server; there are: ${known}`);
  }
}

/** The folders in a repository that have a `model.yaml` or a `pipeline.yaml`. */
function modelsIn(root: ModelSource): ModelSource[] {
  const names = readdirSync(root.folder).filter((name) => wordPattern.test(name));
  const folders = names.map((name) => join(root.folder, name));
  const isModel = (folder: string) => existsSync(join(folder, 'model.yaml')) || isPipeline(folder);
  return folders.filter(isModel).map((folder) => ({ ...root, folder }));
}

function nameOf(folder: string): string {
  try {
    return isPipeline(folder) ? readPipeline(folder).name : readVersions(folder).name;
  } catch {
    // What is wrong with it is told to who loads it.
    return basename(folder);
  }
}

/** Of a model those that lie there, of a pipeline its own. */
function versionsOf(folder: string): readonly string[] {
  if (!isPipeline(folder)) return versionsIn(folder);
  try {
    return [readPipeline(folder).version];
  } catch {
    return [];
  }
}

function chosenVersions(folder: string, choice: VersionChoice | undefined): ServedVersions {
  const { name, defaultVersion, versions } = readVersions(folder);
  if (choice === undefined) return { name, defaultVersion, versions };
  const there = versionsIn(folder);
  const chosen =
    choice === 'all' ? there : 'only' in choice ? choice.only.toSorted(byVersion) : there.slice(-choice.latest);
  const highest = chosen.at(-1);
  if (highest === undefined) throw new PalateError('MODEL_INVALID', `${folder}: it has no versions`);
  return { name, versions: chosen, defaultVersion: chosen.includes(defaultVersion) ? defaultVersion : highest };
}

/** Says which model it was, in Triton's words; what is not the model's fault stays as it is. */
function failedToLoad(error: unknown, name: string): unknown {
  if (!isPalateError(error) || error.reason !== 'MODEL_INVALID') return error;
  return new PalateError('MODEL_INVALID', `load failed for model '${name}': ${error.message}`, { cause: error });
}
