import type { JudgedBy, NamedModel } from '../../storage/records/judged-by.ts';
import { startsWith } from '../../storage/records/judged-by.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { StepCondition } from './step-condition.ts';

/** What scores a photo: one model, or a pipeline's models one after the other, as they are served at the moment. */
export interface ModelChain {
  readonly name: string;
  readonly version: string;
  /** At least one; the last one gives labels and score. */
  readonly links: readonly ChainLink[];
  readonly isPipeline: boolean;
}

export interface ChainLink {
  /** What conditions call it. */
  readonly name: string;
  readonly model: LoadedModel;
  /** Undefined: every photo comes to it. */
  readonly condition: StepCondition | undefined;
}

const single = new WeakMap<LoadedModel, ModelChain>();

/** A model alone; always the same chain for it. */
export function chainOf(model: LoadedModel): ModelChain {
  const known = single.get(model);
  if (known !== undefined) return known;
  const { name, version } = model;
  const chain = { name, version, links: [{ name, model, condition: undefined }], isPipeline: false };
  single.set(model, chain);
  return chain;
}

/** All its models are held (`LoadedModel.hold`) until the result is called. */
export function holdChain({ links }: ModelChain): () => void {
  const releases = links.map(({ model }) => model.hold());
  return () => {
    for (const release of releases) release();
  };
}

/** Names it with all its models: what one chain says of a photo is not what another one says. */
export function chainKey({ name, version, links, isPipeline }: ModelChain): string {
  const own = `${name} ${version}`;
  return isPipeline ? [own, ...links.map(({ model }) => `${model.name} ${model.version}`)].join(' ') : own;
}

/** Who judged a photo at which so many of its models looked. */
export function judgesOf({ name, version, links, isPipeline }: ModelChain, looked: number): JudgedBy {
  const steps = links.slice(0, looked).map(({ model }): NamedModel => ({ name: model.name, version: model.version }));
  return isPipeline ? { name, version, steps } : { name, version };
}

/** Whether it would say of a photo what these judges said: of one that was refused early, not all of its models looked. */
export function isWordOf(chain: ModelChain, judges: JudgedBy, isScored: boolean): boolean {
  const { name, version, steps = [] } = judges;
  if (name !== chain.name || version !== chain.version) return false;
  const own = judgesOf(chain, chain.links.length).steps ?? [];
  const isLongEnough = isScored ? steps.length === own.length : steps.length > 0 || own.length === 0;
  return isLongEnough && startsWith(own, steps);
}
