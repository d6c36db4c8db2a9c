/** ONNX models of a few hundred bytes, so that loading one takes no time: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

const floats = 1;
const bytes = 2;

/** Pixels a side of what they take, where nothing else is asked for. */
export const tinySize = 8;

/** What a tiny model sees. */
export interface TinyClasses {
  /** Their names, of the first and the second. */
  readonly names: readonly [string, string];
  /** The first one's probability: this much, and so much more for each of 255 of red. */
  readonly first: { readonly always: number; readonly red: number };
  readonly size?: number;
}

/**
 * Writes a model with these versions into `folder/name`. Each answers for an image the mean of its colours (`mean`) and, as
 * `labels`, what the version says whatever the image is: Apple 0.9 where its number is odd, Pear 0.9 where it is even, and in
 * `version` its number.
 */
export async function writeTinyModel(folder: string, name: string, versions: readonly number[]): Promise<string> {
  const home = join(folder, name);
  for (const version of versions) {
    await mkdir(join(home, String(version)), { recursive: true });
    await writeFile(join(home, String(version), 'model.onnx'), tinyModel(version));
  }
  await writeFile(join(home, 'classes.csv'), 'name,kind,score\nApple,grocery,5\nPear,grocery,4\n');
  await writeTinyManifest(home, name, versions[0]!, versions[0]!);
  return home;
}

/** Writes a model of one version into `folder/name` that sees the first of two classes the surer the redder an image is. */
export async function writeTinyGate(folder: string, name: string, gate: TinyClasses): Promise<string> {
  const home = join(folder, name);
  const { names, first, size = tinySize } = gate;
  await mkdir(join(home, '1'), { recursive: true });
  const weights = [first.red / 255, -first.red / 255, 0, 0, 0, 0];
  await writeFile(join(home, '1', 'model.onnx'), tinyModel(1, weights, [first.always, 1 - first.always], size));
  await writeFile(join(home, 'classes.csv'), `name,kind,score\n${names[0]},grocery,5\n${names[1]},grocery,2\n`);
  await writeManifest(home, name, [1], size);
  return home;
}

/** Writes its `model.yaml`. */
export async function writeTinyManifest(home: string, name: string, ...versions: number[]): Promise<void> {
  await writeManifest(home, name, versions, tinySize);
}

async function writeManifest(home: string, name: string, [version, ...more]: readonly number[], size: number) {
  await writeFile(
    join(home, 'model.yaml'),
    `name: ${name}
version: ${version}
versions: [${[version, ...more].join(', ')}]
format: onnx
input: { name: image, type: uint8, shape: [n, ${size}, ${size}, 3], layout: NHWC, colours: RGB, fit: fill, kernel: nearest }
outputs:
  labels: { type: float32, shape: [n, 2] }
  mean: { type: float32, shape: [n, 3] }
  version: { type: float32, shape: [n, 1] }
classes: classes.csv
food_threshold: 0.5
`,
  );
}

/** `labels` are the mean colours times these weights (3 × 2), plus `bias`. */
function tinyModel(
  version: number,
  weights: readonly number[] = [0, 0, 0, 0, 0, 0],
  bias: readonly number[] = version % 2 === 1 ? [0.9, 0.1] : [0.1, 0.9],
  size = tinySize,
): Uint8Array {
  return message((model) => {
    model.uint32(tag(1, WireType.Varint)).int64(8);
    field(model, 8, (opset) => opset.uint32(tag(2, WireType.Varint)).int64(13));
    field(model, 7, (graph) => {
      field(graph, 1, (node) => operation(node, 'Cast', ['image'], 'pixels', [['to', [floats]]]));
      field(graph, 1, (node) =>
        operation(node, 'ReduceMean', ['pixels'], 'mean', [
          ['axes', [1, 2], true],
          ['keepdims', [0]],
        ]),
      );
      field(graph, 1, (node) => operation(node, 'MatMul', ['mean', 'weights'], 'weighted', []));
      field(graph, 1, (node) => operation(node, 'Add', ['weighted', 'bias'], 'labels', []));
      field(graph, 1, (node) => operation(node, 'MatMul', ['mean', 'zeros1'], 'none1', []));
      field(graph, 1, (node) => operation(node, 'Add', ['none1', 'says1'], 'version', []));
      graph.uint32(tag(2, WireType.LengthDelimited)).string('tiny');
      field(graph, 5, (tensor) => constant(tensor, 'weights', [3, 2], weights));
      field(graph, 5, (tensor) => constant(tensor, 'bias', [2], bias));
      field(graph, 5, (tensor) => constant(tensor, 'zeros1', [3, 1], [0, 0, 0]));
      field(graph, 5, (tensor) => constant(tensor, 'says1', [1], [version]));
      field(graph, 11, (value) => valueInfo(value, 'image', bytes, [size, size, 3]));
      field(graph, 12, (value) => valueInfo(value, 'labels', floats, [2]));
      field(graph, 12, (value) => valueInfo(value, 'mean', floats, [3]));
      field(graph, 12, (value) => valueInfo(value, 'version', floats, [1]));
    });
  });
}

type Attribute = readonly [name: string, values: readonly number[], isList?: boolean];

function operation(
  node: BinaryWriter,
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly Attribute[],
): void {
  for (const input of inputs) node.uint32(tag(1, WireType.LengthDelimited)).string(input);
  node.uint32(tag(2, WireType.LengthDelimited)).string(output);
  node.uint32(tag(4, WireType.LengthDelimited)).string(type);
  for (const [name, values, isList = false] of attributes) {
    field(node, 5, (attribute) => {
      attribute.uint32(tag(1, WireType.LengthDelimited)).string(name);
      for (const value of values) attribute.uint32(tag(isList ? 8 : 3, WireType.Varint)).int64(value);
      attribute.uint32(tag(20, WireType.Varint)).int32(isList ? 7 : 2);
    });
  }
}

function constant(tensor: BinaryWriter, name: string, dims: readonly number[], values: readonly number[]): void {
  for (const dim of dims) tensor.uint32(tag(1, WireType.Varint)).int64(dim);
  tensor.uint32(tag(2, WireType.Varint)).int32(floats);
  tensor.uint32(tag(8, WireType.LengthDelimited)).string(name);
  tensor.uint32(tag(9, WireType.LengthDelimited)).bytes(new Uint8Array(Float32Array.from(values).buffer));
}

/** The first dimension is free. */
function valueInfo(value: BinaryWriter, name: string, type: number, dims: readonly number[]): void {
  value.uint32(tag(1, WireType.LengthDelimited)).string(name);
  field(value, 2, (ofType) =>
    field(ofType, 1, (tensor) => {
      tensor.uint32(tag(1, WireType.Varint)).int32(type);
      field(tensor, 2, (shape) => {
        field(shape, 1, (dim) => dim.uint32(tag(2, WireType.LengthDelimited)).string('n'));
        for (const size of dims) field(shape, 1, (dim) => dim.uint32(tag(1, WireType.Varint)).int64(size));
      });
    }),
  );
}

function field(parent: BinaryWriter, number: number, write: (child: BinaryWriter) => void): void {
  parent.uint32(tag(number, WireType.LengthDelimited)).bytes(message(write));
}

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

function tag(number: number, type: WireType): number {
  return (number << 3) | type;
}
