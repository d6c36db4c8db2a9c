/** What a collector sees of real servers: whole traces, of one root each. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { ScoringService } from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import { createGrpcClient } from '../../../src/rpc/client/grpc-client.ts';
import { newPhoto } from '../../scoring/photos.ts';
import { eventually, type Scope, type ServedPalate, servePalate } from '../../servers/palate-process.ts';
import { type OtlpSink, startSink } from './otlp-sink.ts';
import type { StoredSpan } from './otlp-spans.ts';

const callerSpan = '00f067aa0ba902b7';

function environment(service: string, sink: OtlpSink, protocol: string): Record<string, string> {
  return {
    OTEL_SERVICE_NAME: service,
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? sink.grpc : sink.http,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  };
}

describe('traces of real servers', () => {
  it('shows a photo from its caller to the fold of its event', { timeout: 60_000 }, async (t) => {
    const sink = await startSink(t);
    const args = ['--roles', 'ingest,recommendation,scoring', '--set', 'log.slowCall=1ms'];
    const server = await servePalate(t, { args, env: environment('palate', sink, 'http/protobuf') });
    const client = createGrpcClient(ScoringService, server.grpc);
    t.after(() => client.close());
    const [first, second] = [randomTrace(), randomTrace()];
    await Promise.all(
      [first, second].map((traceId) =>
        client.call.score(
          { image: { case: 'imageBytes', value: newPhoto() }, userId: 'anna' },
          { metadata: { traceparent: `00-${traceId}-${callerSpan}-01` } },
        ),
      ),
    );
    for (const traceId of [first, second]) {
      await eventually('the fold of the event is told', () =>
        inTrace(sink, traceId).some(({ name }) => name === 'fold'),
      );
    }
    await server.stop();
    for (const traceId of [first, second]) checkPhoto(sink, traceId);
    const slow = server.complaints.filter((line) => line.includes('a slow call'));
    for (const traceId of [first, second])
      assert.ok(
        slow.some((line) => line.includes(traceId)),
        'the log names the trace',
      );
    assert.deepEqual([...sink.forms], ['application/x-protobuf']);
  });

  it('shows an event from its caller to the fold of a follower', { timeout: 60_000 }, async (t) => {
    const sink = await startSink(t);
    const { owner, follower } = await ownerAndFollower(t, sink);
    const traceId = randomTrace();
    const client = createGrpcClient(IngestService, owner.grpc);
    t.after(() => client.close());
    const event = {
      eventId: randomUUID(),
      userId: 'anna',
      payload: { case: 'itemViewed', value: { itemId: 'soup' } },
    } as const;
    await client.call.publish(
      { events: [event] },
      { metadata: { traceparent: `00-${traceId}-${callerSpan}-01`, tracestate: 'shop=42' } },
    );
    const folds = () => inTrace(sink, traceId).filter(({ name }) => name === 'fold');
    await eventually('both processes have told of their fold', () => folds().length === 2);
    await Promise.all([owner.stop(), follower.stop()]);
    const tree = treeOf(sink, traceId);
    assert.deepEqual(namesBelow(tree, callerSpan), ['palate.ingest.v1.IngestService/Publish']);
    const publish = only(tree, 'palate.ingest.v1.IngestService/Publish');
    const commit = only(tree, 'journal commit');
    assert.equal(commit.parentSpanId, publish.spanId);
    assert.deepEqual(
      folds()
        .map(({ service, parentSpanId }) => [service, parentSpanId])
        .sort(),
      [
        ['follower', commit.spanId],
        ['owner', commit.spanId],
      ],
    );
    assert.deepEqual([...sink.forms].sort(), ['application/json', 'grpc']);
  });
});

describe('a trace over the mesh', () => {
  it('goes on from the process that passes a call on to the one that answers', { timeout: 60_000 }, async (t) => {
    const sink = await startSink(t);
    const owner = await servePalate(t, { env: environment('owner', sink, 'http/protobuf') });
    const args = ['--roles', 'edge', '--peers', owner.grpc];
    const ratio = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
    const edge = await servePalate(t, { args, env: environment('edge', sink, 'http/protobuf') });
    const quiet = await servePalate(t, { args, env: { ...environment('quiet', sink, 'http/protobuf'), ...ratio } });
    for (const { grpc } of [quiet, edge]) {
      const client = createGrpcClient(IngestService, grpc);
      t.after(() => client.close());
      await client.call.getJournalStatus({});
    }
    await eventually('all spans are told', () => sink.spans.length >= 3);
    await Promise.all([edge.stop(), quiet.stop()]);
    await owner.stop();
    const name = 'palate.ingest.v1.IngestService/GetJournalStatus';
    const root = sink.spans.find(({ parentSpanId }) => parentSpanId === '');
    assert.ok(root !== undefined);
    const [server, client, answering] = [2, 3, 2];
    const hop = sink.spans.find(({ parentSpanId }) => parentSpanId === root.spanId);
    const end = sink.spans.find(({ parentSpanId }) => parentSpanId === hop?.spanId);
    assert.deepEqual(
      [root, hop, end].map((span) => [span?.service, span?.kind, span?.name, span?.traceId]),
      [
        ['edge', server, name, root.traceId],
        ['edge', client, name, root.traceId],
        ['owner', answering, name, root.traceId],
      ],
    );
    // What one process has decided against, the next one does not take up.
    assert.equal(sink.spans.length, 3);
  });
});

describe('a trace over a remote model', () => {
  for (const transport of ['stream', 'unary']) {
    it(`goes on to the server that runs it, by ${transport}`, { timeout: 60_000 }, async (t) => {
      const sink = await startSink(t);
      const one = ['--set', 'scoring.models.instances=1'];
      const args = ['--roles', 'ingest,scoring', ...one];
      const scorer = await servePalate(t, { args, env: environment('scorer', sink, 'http/protobuf') });
      const remote = [`addresses=${scorer.grpc}`, `transport=${transport}`];
      const settings = ['scoring.models.provider=remote', ...remote.map((text) => `scoring.models.remote.${text}`)];
      const front = await servePalate(t, {
        args: ['--roles', 'ingest,scoring', ...settings.flatMap((text) => ['--set', text])],
        env: environment('front', sink, 'http/protobuf'),
      });
      const client = createGrpcClient(ScoringService, front.grpc);
      t.after(() => client.close());
      const traceId = randomTrace();
      await client.call.score(
        { image: { case: 'imageBytes', value: newPhoto() }, userId: 'anna' },
        { metadata: { traceparent: `00-${traceId}-${callerSpan}-01` } },
      );
      await Promise.all([front.stop(), scorer.stop()]);
      const tree = treeOf(sink, traceId);
      const inference = (service: string) =>
        tree.filter((span) => span.service === service && span.name === 'inference');
      const path = pathTo(tree, inference('scorer')[0]!);
      const method = 'inference.GRPCInferenceService/ModelInfer';
      const hop = transport === 'stream' ? ['scorer: infer request'] : [`front: ${method}`, `scorer: ${method}`];
      const score = 'front: palate.scoring.v1.ScoringService/Score';
      const within = ['front: infer', 'front: batch', 'front: inference'];
      assert.deepEqual(path, [score, ...within, ...hop, 'scorer: batch', 'scorer: inference']);
    });
  }
});

/** `service: name` of a span and of all that it lies below, from the root. */
function pathTo(tree: readonly StoredSpan[], span: StoredSpan): readonly string[] {
  const parent = tree.find(({ spanId }) => spanId === span.parentSpanId);
  const own = `${span.service}: ${span.name}`;
  return parent === undefined ? [own] : [...pathTo(tree, parent), own];
}

async function ownerAndFollower(t: Scope, sink: OtlpSink) {
  const owner = await servePalate(t, { env: environment('owner', sink, 'grpc') });
  const args = ['--roles', 'recommendation', '--follow', owner.grpc];
  const follower: ServedPalate = await servePalate(t, { args, env: environment('follower', sink, 'http/json') });
  return { owner, follower };
}

function checkPhoto(sink: OtlpSink, traceId: string): void {
  const tree = treeOf(sink, traceId);
  assert.deepEqual(namesBelow(tree, callerSpan), ['palate.scoring.v1.ScoringService/Score']);
  const score = only(tree, 'palate.scoring.v1.ScoringService/Score');
  assert.equal(score.attributes['rpc.system.name'], 'grpc');
  assert.equal(score.attributes['rpc.method'], 'palate.scoring.v1.ScoringService/Score');
  assert.equal(score.attributes['rpc.status_code'], 'OK');
  assert.deepEqual(namesBelow(tree, score.spanId), ['admit', 'decode', 'fetch', 'identify', 'infer', 'outbox send']);
  const infer = only(tree, 'infer');
  const batch = sink.spans.find(({ name, links }) => name === 'batch' && links.some(isOf(infer)));
  assert.ok(batch !== undefined, 'a batch links to the photo');
  assert.equal(batch.links.length, batch.attributes['palate.batch.jobs']);
  // Where both photos were in one batch, it lies below one of them, and the other one links to it.
  assert.ok(batch.parentSpanId === infer.spanId || infer.links.some(isOf(batch)));
  assert.ok(sink.spans.some(({ name, parentSpanId }) => name === 'inference' && parentSpanId === batch.spanId));
  const publish = only(tree, 'palate.ingest.v1.IngestService/Publish');
  assert.equal(publish.parentSpanId, only(tree, 'outbox send').spanId);
  assert.equal(only(tree, 'journal commit').parentSpanId, publish.spanId);
  assert.equal(only(tree, 'fold').parentSpanId, only(tree, 'journal commit').spanId);
}

function isOf(span: StoredSpan) {
  return (link: StoredSpan['links'][number] | StoredSpan) =>
    link.spanId === span.spanId && link.traceId === span.traceId;
}

/** The spans of a trace, of which one has the caller's as its parent and each other one another of them. */
function treeOf(sink: OtlpSink, traceId: string): readonly StoredSpan[] {
  const spans = inTrace(sink, traceId);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  assert.equal(ids.size, spans.length);
  const parents = spans.map(({ parentSpanId }) => parentSpanId).filter((id) => !ids.has(id));
  assert.deepEqual(parents, [callerSpan], 'one root, and no orphan');
  return spans;
}

function inTrace(sink: OtlpSink, traceId: string): StoredSpan[] {
  return sink.spans.filter((span) => span.traceId === traceId);
}

function namesBelow(spans: readonly StoredSpan[], parent: string): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .map(({ name }) => name)
    .sort();
}

function only(spans: readonly StoredSpan[], wanted: string): StoredSpan {
  const found = spans.filter(({ name }) => name === wanted);
  assert.equal(found.length, 1, `${wanted}: ${found.length}`);
  return found[0]!;
}

function randomTrace(): string {
  return randomUUID().replaceAll('-', '');
}
