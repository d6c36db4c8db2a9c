/** What is served at a moment: replaced as a whole, so that nobody sees half of a change. */

import { PalateError } from '../../errors.ts';
import { compilePipeline } from './compile-pipeline.ts';
import type { LoadedModel } from './loaded-model.ts';
import { byVersion } from './manifest.ts';
import { chainOf, type ModelChain } from './model-chain.ts';
import type { ModelClass } from './model-class.ts';
import type { PipelineManifest } from './pipeline-manifest.ts';

export interface Served {
  /** By name, then version, in order. */
  readonly models: readonly LoadedModel[];
  /** Of each name the version that its `model.yaml` gives. */
  readonly defaults: ReadonlyMap<string, string>;
  /** By name. */
  readonly pipelines: ReadonlyMap<string, ServedPipeline>;
  /** What answers where no name is asked for: of a model or of a pipeline. */
  readonly defaultName: string | undefined;
}

export interface ServedPipeline {
  readonly manifest: PipelineManifest;
  /** Its steps with the models that are served. */
  readonly chain: ModelChain;
}

export const nothingServed: Served = {
  models: [],
  defaults: new Map(),
  pipelines: new Map(),
  defaultName: undefined,
};

/**
 * The model of that name and version; empty: the default ones.
 * @throws PalateError MODEL_UNKNOWN, also where the name is that of a pipeline
 */
export function modelIn(served: Served, name: string, version: string): LoadedModel {
  const wanted = (name === '' ? served.defaultName : name) ?? '';
  const versions = served.models.filter((model) => model.name === wanted);
  const byDefault = versions.find((model) => model.version === served.defaults.get(wanted)) ?? versions.at(-1);
  const found = version === '' ? byDefault : versions.find((model) => model.version === version);
  if (found !== undefined) return found;
  throw unknown(served, wanted, version);
}

/**
 * What scores photos under that name and version: a model, or a pipeline; empty: the default ones.
 * @throws PalateError MODEL_UNKNOWN
 */
export function chainIn(served: Served, name: string, version: string): ModelChain {
  const wanted = (name === '' ? served.defaultName : name) ?? '';
  const chain = served.pipelines.get(wanted)?.chain;
  if (chain === undefined) return chainOf(modelIn(served, wanted, version));
  if (version === '' || version === chain.version) return chain;
  throw unknown(served, wanted, version);
}

/**
 * The same with other models under a name, in place of those that were there. Pipelines go on with them.
 * @throws PalateError MODEL_INVALID where the name is a pipeline's, or a pipeline could not go on
 */
export function withModels(
  served: Served,
  name: string,
  models: readonly LoadedModel[],
  defaultVersion: string | undefined,
): Served {
  if (served.pipelines.has(name)) throw taken(name, 'a pipeline');
  const others = served.models.filter((model) => model.name !== name);
  const defaults = new Map(served.defaults);
  if (defaultVersion !== undefined) defaults.set(name, defaultVersion);
  const all = [...others, ...models].sort(byNameAndVersion);
  return joined({ ...served, models: all, defaults, defaultName: served.defaultName ?? name });
}

/**
 * The same with a pipeline, in place of the one of its name.
 * @throws PalateError MODEL_INVALID
 */
export function withPipeline(served: Served, manifest: PipelineManifest): Served {
  const { name } = manifest;
  if (served.models.some((model) => model.name === name)) throw taken(name, 'a model');
  const chain = compilePipeline(manifest, modelOf(served));
  const pipelines = new Map(served.pipelines).set(name, { manifest, chain });
  return { ...served, pipelines, defaultName: served.defaultName ?? name };
}

/** The same without a pipeline. */
export function withoutPipeline(served: Served, name: string): Served {
  const pipelines = new Map(served.pipelines);
  pipelines.delete(name);
  return { ...served, pipelines };
}

const classesKnown = new WeakMap<Served, readonly ModelClass[]>();

/** What all models can tell apart, each name once: those of what answers by default come first. */
export function classesIn(served: Served): readonly ModelClass[] {
  const known = classesKnown.get(served);
  if (known !== undefined) return known;
  const { models, pipelines, defaultName = '' } = served;
  const byDefault = pipelines.get(defaultName)?.chain.links.map(({ model }) => model.name) ?? [defaultName];
  const first = models.filter(({ name }) => byDefault.includes(name));
  const byName = new Map<string, ModelClass>();
  for (const { classes } of [...first.toReversed(), ...models]) {
    for (const one of classes) if (!byName.has(one.name)) byName.set(one.name, one);
  }
  const classes = [...byName.values()];
  classesKnown.set(served, classes);
  return classes;
}

/** The pipelines that a model is a step of, by their names. */
export function pipelinesOf({ pipelines }: Served, model: string): readonly string[] {
  const isStep = ({ manifest }: ServedPipeline) => manifest.steps.some((step) => step.model === model);
  return [...pipelines].filter(([, pipeline]) => isStep(pipeline)).map(([name]) => name);
}

/** Joins the pipelines with the models anew; one whose models stayed the same stays the same. */
function joined(served: Served): Served {
  const pipelines = [...served.pipelines].map(([name, before]): [string, ServedPipeline] => {
    const chain = compilePipeline(before.manifest, modelOf(served));
    const isSame = chain.links.every(({ model }, index) => before.chain.links[index]?.model === model);
    return [name, isSame ? before : { ...before, chain }];
  });
  return { ...served, pipelines: new Map(pipelines) };
}

/** A step is a model: a pipeline in a pipeline would say no more than its steps, and might lead back to itself. */
function modelOf(served: Served) {
  return (name: string, version: string): LoadedModel => {
    if (!served.pipelines.has(name)) return modelIn(served, name, version);
    throw new PalateError('MODEL_INVALID', `${name} is a pipeline; a step has to be a model`);
  };
}

function unknown({ models, pipelines }: Served, name: string, version: string): PalateError {
  const pipeline = pipelines.get(name);
  if (pipeline !== undefined) {
    const steps = pipeline.chain.links.map(({ model }) => model.name).join(', ');
    const what = `${name} is a pipeline of ${steps}, version ${pipeline.chain.version}`;
    return new PalateError('MODEL_UNKNOWN', version === '' ? what : `${name} ${version} is not loaded; ${what}`);
  }
  const all = [...models, ...[...pipelines.values()].map(({ chain }) => chain)];
  const known = all.map((one) => `${one.name} ${one.version}`).join(', ') || 'none';
  const asked = [name || 'a model', version].join(' ').trim();
  return new PalateError('MODEL_UNKNOWN', `${asked} is not loaded; loaded: ${known}`);
}

function taken(name: string, what: string): PalateError {
  return new PalateError('MODEL_INVALID', `${name} is the name of ${what} already: give it another one`);
}

function byNameAndVersion(one: LoadedModel, other: LoadedModel): number {
  return one.name.localeCompare(other.name, 'en') || byVersion(one.version, other.version);
}
