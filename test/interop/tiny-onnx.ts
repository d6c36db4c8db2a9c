/** ONNX models of a few hundred bytes, so that loading one takes no time: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

const floats = 1;
const bytes = 2;

/** Pixels a side of what they take. */
export const tinySize = 8;

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

/** Writes its `model.yaml`. */
export async function writeTinyManifest(home: string, name: string, ...[version, ...more]: number[]): Promise<void> {
  await writeFile(
    join(home, 'model.yaml'),
    `name: ${name}
version: ${version}
versions: [${[version, ...more].join(', ')}]
format: onnx
input: { name: image, type: uint8, shape: [n, ${tinySize}, ${tinySize}, 3], layout: NHWC, colours: RGB, fit: fill, kernel: nearest }
outputs:
  labels: { type: float32, shape: [n, 2] }
  mean: { type: float32, shape: [n, 3] }
  version: { type: float32, shape: [n, 1] }
classes: classes.csv
food_threshold: 0.5
`,
  );
}

function tinyModel(version: number): Uint8Array {
  const labels = version % 2 === 1 ? [0.9, 0.1] : [0.1, 0.9];
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
      field(graph, 1, (node) => operation(node, 'MatMul', ['mean', 'zeros2'], 'none2', []));
      field(graph, 1, (node) => operation(node, 'Add', ['none2', 'says2'], 'labels', []));
      field(graph, 1, (node) => operation(node, 'MatMul', ['mean', 'zeros1'], 'none1', []));
      field(graph, 1, (node) => operation(node, 'Add', ['none1', 'says1'], 'version', []));
      graph.uint32(tag(2, WireType.LengthDelimited)).string('tiny');
      field(graph, 5, (tensor) => constant(tensor, 'zeros2', [3, 2], [0, 0, 0, 0, 0, 0]));
      field(graph, 5, (tensor) => constant(tensor, 'says2', [2], labels));
      field(graph, 5, (tensor) => constant(tensor, 'zeros1', [3, 1], [0, 0, 0]));
      field(graph, 5, (tensor) => constant(tensor, 'says1', [1], [version]));
      field(graph, 11, (value) => valueInfo(value, 'image', bytes, [tinySize, tinySize, 3]));
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
