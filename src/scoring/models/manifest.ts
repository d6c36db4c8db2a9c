/** Reads the folder of a model: `model.yaml`, its classes, and `<version>/model.onnx`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PalateError } from '../../errors.ts';
import type { RemoteTarget } from '../providers/remote/target.ts';
import { type Fit, type Kernel, type ManifestFile, manifestSchema, wordPattern } from './manifest-schema.ts';
import { type ModelClass, readClasses } from './model-class.ts';

/** What a model takes: one square RGB image of 8 bits a channel. */
export interface ModelInput {
  /** Of the tensor, uint8 `[n, size, size, 3]`. */
  readonly name: string;
  /** Pixels a side. */
  readonly size: number;
  readonly fit: Fit;
  readonly kernel: Kernel;
}

/** A tensor that a model answers, float32 `[n, length]`. */
export interface ModelTensor {
  readonly name: string;
  readonly length: number;
}

/** What is known of a model before it runs. */
export interface ModelManifest {
  readonly name: string;
  readonly version: string;
  /** Of its weights. */
  readonly file: string;
  readonly input: ModelInput;
  /** `labels` is always there; scores also come of `food`, `embedding` and `energy`. */
  readonly outputs: readonly ModelTensor[];
  /** In the order of `labels`. */
  readonly classes: readonly ModelClass[];
  /** An image whose `food` lies below shows no food. */
  readonly foodThreshold: number;
  /** 0: it has none. */
  readonly embeddingLength: number;
  /** What its `model.yaml` says of the servers that run it; undefined: nothing, so the configuration decides. */
  readonly remote: Partial<RemoteTarget> | undefined;
}

/**
 * Reads a model's folder. `version`: which of its versions; default: the one that `model.yaml` names.
 * @throws PalateError MODEL_INVALID, with the file, the key and what it should be
 */
export function readManifest(folder: string, version?: string): ModelManifest {
  const file = join(folder, 'model.yaml');
  const { input, outputs, classes: classesFile, ...manifest } = checkedManifest(file);
  const classes = readClasses(join(folder, classesFile));
  const labels = outputs.labels.shape[1];
  if (labels !== classes.length) {
    throw invalid(file, `outputs.labels.shape has ${labels} labels, but ${classesFile} has ${classes.length} classes`);
  }
  const used = version ?? manifest.version;
  if (!wordPattern.test(used)) throw invalid(folder, `"${used}" can't be the version of a model`);
  return {
    name: manifest.name,
    version: used,
    file: join(folder, used, 'model.onnx'),
    input: { name: input.name, size: input.shape[1], fit: input.fit, kernel: input.kernel },
    outputs: tensorsOf(outputs),
    classes,
    foodThreshold: manifest.food_threshold,
    embeddingLength: outputs.embedding?.shape[1] ?? 0,
    remote: manifest.remote && withoutUndefined(manifest.remote),
  };
}

/** Which versions a model's folder is to serve. */
export interface ServedVersions {
  /** The model's. */
  readonly name: string;
  /** What answers where no version is asked for. */
  readonly defaultVersion: string;
  /** In order; the default one is among them. */
  readonly versions: readonly string[];
}

/**
 * Reads which versions a model's folder is to serve: those of `versions` in its `model.yaml` (`all`: those that are there), and
 * `version`, which is the default one.
 * @throws PalateError MODEL_INVALID
 */
export function readVersions(folder: string): ServedVersions {
  const { name, version, versions = [] } = checkedManifest(join(folder, 'model.yaml'));
  const wanted = new Set([version, ...(versions === 'all' ? versionsIn(folder) : versions)]);
  return { name, defaultVersion: version, versions: [...wanted].sort(byVersion) };
}

/** The versions that lie in a model's folder, in order; none where there is no folder any more. */
export function versionsIn(folder: string): readonly string[] {
  const hasWeights = (version: string) => existsSync(join(folder, version, 'model.onnx'));
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => wordPattern.test(name) && hasWeights(name));
  return names.sort(byVersion);
}

/** The order of versions: 9 comes before 10. */
export function byVersion(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

function withoutUndefined(remote: NonNullable<ManifestFile['remote']>): Partial<RemoteTarget> {
  return Object.fromEntries(Object.entries(remote).filter(([, value]) => value !== undefined));
}

function tensorsOf(outputs: ManifestFile['outputs']): ModelTensor[] {
  return Object.entries(outputs).flatMap(([name, output]) =>
    output === undefined ? [] : [{ name, length: output.shape[1] }],
  );
}

function checkedManifest(file: string): ManifestFile {
  const result = manifestSchema.safeParse(readYaml(file));
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`);
  throw invalid(file, problems.join('; '));
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw invalid(file, (error as Error).message, error);
  }
}

function invalid(file: string, problem: string, cause?: unknown): PalateError {
  return new PalateError('MODEL_INVALID', `${file}: ${problem}`, { cause });
}
