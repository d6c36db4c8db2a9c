import { type DescEnum, type DescExtension, type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** What reflection can be asked for, found in the files of the services and in all that these import. */
export interface ReflectionIndex {
  fileByName(name: string): DescFile | undefined;
  /** The file that declares a service, method, message, field, oneof, enum, enum value or extension. */
  fileBySymbol(symbol: string): DescFile | undefined;
  fileByExtension(extendee: string, number: number): DescFile | undefined;
  /** The numbers of the extensions of a type, rising; undefined where there is no such type. */
  extensionNumbers(extendee: string): readonly number[] | undefined;
  /** A file as `google.protobuf.FileDescriptorProto`. Options that this program does not know are in it as they were. */
  bytesOf(file: DescFile): Uint8Array;
}

/** Builds the index of files and of everything that they import. */
export function createReflectionIndex(roots: readonly DescFile[]): ReflectionIndex {
  const files = new Map<string, DescFile>();
  for (const root of roots) for (const file of withImports(root)) files.set(protoName(file), file);
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  for (const file of files.values()) indexFile(file, symbols, extensions);
  const encoded = new Map<DescFile, Uint8Array>();
  return {
    fileByName: (name) => files.get(name),
    fileBySymbol: (symbol) => symbols.get(symbol.replace(/^\./, '')),
    fileByExtension: (extendee, number) => extensions.get(extendee)?.get(number),
    extensionNumbers(extendee) {
      const numbers = extensions.get(extendee);
      if (numbers === undefined) return symbols.has(extendee) ? [] : undefined;
      return [...numbers.keys()].sort((a, b) => a - b);
    },
    bytesOf(file) {
      const bytes = encoded.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
      encoded.set(file, bytes);
      return bytes;
    },
  };
}

/** A file and all that it imports, itself first, each once. */
export function withImports(root: DescFile): readonly DescFile[] {
  const found = new Set([root]);
  for (const file of found) for (const dependency of file.dependencies) found.add(dependency);
  return [...found];
}

/** `DescFile.name` lacks the suffix. */
function protoName(file: DescFile): string {
  return file.proto.name;
}

type Extensions = Map<string, Map<number, DescFile>>;

function indexFile(file: DescFile, symbols: Map<string, DescFile>, extensions: Extensions): void {
  const add = (symbol: string): void => void symbols.set(symbol, file);
  for (const service of file.services) {
    add(service.typeName);
    for (const method of service.methods) add(`${service.typeName}.${method.name}`);
  }
  for (const message of file.messages) indexMessage(message, add, extensions);
  for (const each of file.enums) indexEnum(each, add);
  for (const extension of file.extensions) indexExtension(extension, add, extensions);
}

function indexMessage(message: DescMessage, add: (symbol: string) => void, extensions: Extensions): void {
  add(message.typeName);
  for (const field of message.fields) add(`${message.typeName}.${field.name}`);
  for (const oneof of message.oneofs) add(`${message.typeName}.${oneof.name}`);
  for (const nested of message.nestedMessages) indexMessage(nested, add, extensions);
  for (const each of message.nestedEnums) indexEnum(each, add);
  for (const extension of message.nestedExtensions) indexExtension(extension, add, extensions);
}

/** A value's name stands beside its enum's, as in C++; some clients ask for it within the enum. */
function indexEnum(each: DescEnum, add: (symbol: string) => void): void {
  const scope = each.typeName.slice(0, each.typeName.lastIndexOf('.') + 1);
  add(each.typeName);
  for (const value of each.values) {
    add(`${scope}${value.name}`);
    add(`${each.typeName}.${value.name}`);
  }
}

function indexExtension(extension: DescExtension, add: (symbol: string) => void, extensions: Extensions): void {
  const { typeName: extendee } = extension.extendee;
  const numbers = extensions.get(extendee) ?? new Map<number, DescFile>();
  extensions.set(extendee, numbers.set(extension.number, extension.file));
  add(extension.typeName);
}
