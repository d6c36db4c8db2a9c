/**
 * A plugin of protoc for the Haskell library `protobuf` (Data.ProtocolBuffers), which has no generator of its own. It makes a
 * module a file: a record a message, with an `empty…` to begin with; a constant a value of an enum; a `Method` a method.
 *
 * Every single field is `Optional`, as proto3 leaves zeros out; the fields of a `oneof` are fields like any other; enums are
 * numbers, as a later version may have more. Rules of buf.validate are left out.
 */

import { buffer } from 'node:stream/consumers';
import {
  create,
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescService,
  fromBinary,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

const scalars: Readonly<Record<ScalarType, string>> = {
  [ScalarType.DOUBLE]: 'Value Double',
  [ScalarType.FLOAT]: 'Value Float',
  [ScalarType.INT64]: 'Value Int64',
  [ScalarType.UINT64]: 'Value Word64',
  [ScalarType.INT32]: 'Value Int32',
  [ScalarType.FIXED64]: 'Value (Fixed Word64)',
  [ScalarType.FIXED32]: 'Value (Fixed Word32)',
  [ScalarType.BOOL]: 'Value Bool',
  [ScalarType.STRING]: 'Value Text',
  [ScalarType.BYTES]: 'Value ByteString',
  [ScalarType.UINT32]: 'Value Word32',
  [ScalarType.SFIXED32]: 'Value (Fixed Int32)',
  [ScalarType.SFIXED64]: 'Value (Fixed Int64)',
  [ScalarType.SINT32]: 'Value (Signed Int32)',
  [ScalarType.SINT64]: 'Value (Signed Int64)',
};

/** What every service's module imports. */
const methodModule = `module Proto.Method (Method (..)) where

import Data.ByteString (ByteString)

-- | A method that takes requests of one type and answers with another, by its path: "/package.Service/Method".
newtype Method request answer = Method { methodPath :: ByteString }
`;

const request = fromBinary(CodeGeneratorRequestSchema, await buffer(process.stdin));
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
const files = request.fileToGenerate.map((name) => registry.getFile(name)!).filter(isOfUse);
const response = create(CodeGeneratorResponseSchema, {
  supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
  file: [
    { name: 'Proto/Method.hs', content: methodModule },
    ...files.map((file) => ({ name: `${moduleOf(file).replaceAll('.', '/')}.hs`, content: moduleText(file) })),
  ],
});
process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));

/** Not the language of rules, nor that of descriptors, which it extends. */
function isOfUse({ name }: { readonly name: string }): boolean {
  return !/^(buf\/validate\/|google\/protobuf\/descriptor$)/.test(name);
}

function moduleOf({ name }: { readonly name: string }): string {
  return name.split('/').map(pascal).join('.');
}

function moduleText(file: DescFile): string {
  const imports = file.dependencies.filter(isOfUse).map((each) => `import ${moduleOf(each)}`);
  return [
    '{-# LANGUAGE DataKinds, DeriveGeneric, OverloadedStrings #-}',
    '{-# OPTIONS_GHC -Wno-unused-imports #-}',
    `-- Generated from ${file.name}.proto. Do not edit.`,
    `module ${moduleOf(file)} where\n`,
    'import Data.ByteString (ByteString)',
    'import Data.Int (Int32, Int64)',
    'import Data.ProtocolBuffers',
    'import Data.Text (Text)',
    'import Data.Word (Word32, Word64)',
    'import GHC.Generics (Generic)',
    'import Proto.Method (Method (..))',
    ...imports,
    '',
    ...file.enums.map(enumText),
    ...file.messages.flatMap(messageTexts),
    ...file.services.map(serviceText),
  ].join('\n');
}

function messageTexts(message: DescMessage): string[] {
  const maps = message.fields.filter((field) => field.fieldKind === 'map');
  return [
    recordText(
      nameOf(message),
      message.fields.map((field) => [fieldName(message, field), fieldType(field)]),
    ),
    ...maps.map((field) => recordText(entryName(field), entryFields(field))),
    ...message.nestedEnums.map(enumText),
    ...message.nestedMessages.flatMap(messageTexts),
  ];
}

type Field = readonly [name: string, type: string];

function recordText(name: string, fields: readonly Field[]): string {
  const members = fields.map(([field, type]) => `${field} :: ${type}`).join('\n  , ');
  const empties = fields.map(([, type]) => ` (putField ${type.startsWith('Optional') ? 'Nothing' : '[]'})`);
  return [
    `data ${name} = ${name}${fields.length === 0 ? '' : `\n  { ${members} }`}`,
    '  deriving (Eq, Generic, Show)',
    `instance Encode ${name}`,
    `instance Decode ${name}\n`,
    `empty${name} :: ${name}`,
    `empty${name} = ${name}${empties.join('')}\n`,
  ].join('\n');
}

function fieldType(field: DescField): string {
  if (field.fieldKind === 'map') return `Repeated ${field.number} (Message ${entryName(field)})`;
  if (field.fieldKind !== 'list') return `Optional ${field.number} (${valueType(field)})`;
  return `${field.packed ? 'Packed' : 'Repeated'} ${field.number} (${valueType(field)})`;
}

function valueType({ scalar, message }: DescField): string {
  if (message !== undefined) return `Message ${nameOf(message)}`;
  return scalar === undefined ? 'Value Int32' : scalars[scalar];
}

function entryName(field: DescField): string {
  return `${nameOf(field.parent!)}${pascal(field.name)}Entry`;
}

/** On the wire, a map is a list of entries. */
function entryFields(field: DescField & { fieldKind: 'map' }): Field[] {
  const prefix = lowerFirst(entryName(field));
  return [
    [`${prefix}Key`, `Optional 1 (${scalars[field.mapKey]})`],
    [`${prefix}Value`, `Optional 2 (${valueType(field)})`],
  ];
}

function enumText(desc: DescEnum): string {
  const name = lowerFirst(nameOf(desc));
  const prefix = desc.sharedPrefix ?? '';
  return desc.values
    .map((value) => [`${name}${pascal(value.name.slice(prefix.length).toLowerCase())}`, value.number] as const)
    .map(([constant, number]) => `${constant} :: Int32\n${constant} = ${number}\n`)
    .join('\n');
}

function serviceText(service: DescService): string {
  return service.methods
    .map(({ name, input, output }) => {
      const constant = `${lowerFirst(name)}Method`;
      const types = `${nameOf(input)} ${nameOf(output)}`;
      return `${constant} :: Method ${types}\n${constant} = Method "/${service.typeName}/${name}"\n`;
    })
    .join('\n');
}

/** A nested type has its parents' names before its own. */
function nameOf({ typeName, file }: DescMessage | DescEnum): string {
  return typeName.slice(file.proto.package.length + 1).replaceAll('.', '');
}

/** Fields of two records of one module may not share a name. */
function fieldName(message: DescMessage, field: DescField): string {
  return lowerFirst(nameOf(message)) + pascal(field.name);
}

function pascal(name: string): string {
  return name.replace(/(?:^|_)([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
