/** Spans out of OTLP's export requests, in protobuf and in JSON: https://opentelemetry.io/docs/specs/otlp/ */
import { BinaryReader } from '@bufbuild/protobuf/wire';

export interface StoredSpan {
  readonly service: string;
  /** Attributes of the process. */
  readonly resource: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  readonly spanId: string;
  /** '': it is a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: an error. */
  readonly status: number;
}

type Fields = ReadonlyMap<number, readonly (Uint8Array | bigint | number)[]>;

/** An `ExportTraceServiceRequest` in protobuf. */
export function spansOfProtobuf(bytes: Uint8Array): StoredSpan[] {
  return messages(fieldsOf(bytes), 1).flatMap((resourceSpans) => {
    const attributes = messages(resourceSpans, 1).map(attributesOf)[0] ?? {};
    const spans = messages(resourceSpans, 2).flatMap((scopeSpans) => messages(scopeSpans, 2));
    return spans.map((span) => spanOf(span, attributes));
  });
}

function spanOf(span: Fields, resource: StoredSpan['resource']): StoredSpan {
  return {
    service: String(resource['service.name']),
    resource,
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    parentSpanId: hex(span, 4),
    name: text(span, 5),
    kind: Number(span.get(6)?.[0] ?? 0),
    attributes: attributesOf(span, 9),
    links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    status: Number(messages(span, 15)[0]?.get(3)?.[0] ?? 0),
  };
}

function attributesOf(owner: Fields, number: unknown = 1): Record<string, unknown> {
  const pairs = messages(owner, typeof number === 'number' && number > 1 ? number : 1);
  return Object.fromEntries(pairs.map((pair) => [text(pair, 1), plainValue(messages(pair, 2)[0])]));
}

function plainValue(value: Fields | undefined): unknown {
  if (value === undefined) return undefined;
  return value.has(1) ? text(value, 1) : Number(value.get(3)?.[0] ?? value.get(2)?.[0] ?? value.get(4)?.[0]);
}

function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | bigint | number)[]>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const value = [() => BigInt(reader.uint64()), () => BigInt(reader.fixed64()), () => reader.bytes()][type];
    const read = value ?? (() => reader.fixed32());
    fields.set(number, [...(fields.get(number) ?? []), read()]);
  }
  return fields;
}

function messages(fields: Fields, number: number): Fields[] {
  return (fields.get(number) ?? []).map((value) => fieldsOf(value as Uint8Array));
}

function text(fields: Fields, number: number): string {
  return Buffer.from((fields.get(number)?.[0] as Uint8Array | undefined) ?? []).toString('utf8');
}

function hex(fields: Fields, number: number): string {
  return Buffer.from((fields.get(number)?.[0] as Uint8Array | undefined) ?? []).toString('hex');
}

interface JsonAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface JsonSpan extends Omit<StoredSpan, 'service' | 'resource' | 'attributes' | 'status'> {
  readonly attributes?: readonly JsonAttribute[];
  readonly status?: { readonly code?: number };
}

interface JsonRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly JsonAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[];
  }[];
}

/** The same in JSON. */
export function spansOfJson(body: string): StoredSpan[] {
  const { resourceSpans } = JSON.parse(body) as JsonRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const process = pairsOf(resource.attributes);
    const spans = scopeSpans.flatMap((scope) => scope.spans);
    return spans.map((span) => ({
      ...span,
      service: String(process['service.name']),
      resource: process,
      parentSpanId: span.parentSpanId ?? '',
      attributes: pairsOf(span.attributes ?? []),
      links: span.links ?? [],
      status: span.status?.code ?? 0,
    }));
  });
}

function pairsOf(attributes: readonly JsonAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
