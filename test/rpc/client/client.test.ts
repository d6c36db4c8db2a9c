import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { DescService } from '@bufbuild/protobuf';
import {
  IngestService,
  PublishStreamRequestSchema,
  SubscribeResponseSchema,
} from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../../src/errors.ts';
import type { Client } from '../../../src/rpc/client/client.ts';
import { createGrpcClient } from '../../../src/rpc/client/grpc-client.ts';
import { createMemoryClient } from '../../../src/rpc/client/memory-client.ts';
import { type BoundService, bindService, onWire } from '../../../src/rpc/handlers.ts';
import { create, runServer, toBinary, until } from '../running-server.ts';

type Connect = <S extends DescService>(t: TestContext, bound: BoundService<S>) => Promise<Client<S>>;

/** Both clients must behave alike: each test runs over sockets and in memory. */
const clients: Readonly<Record<string, Connect>> = {
  async gRPC(t, bound) {
    const { grpc } = await runServer(t, [bound]);
    const client = createGrpcClient(bound.service, grpc, { tenant: 'acme' });
    t.after(() => client.close());
    return client.call;
  },
  memory: async (_t, bound) => createMemoryClient(bound, { tenant: 'acme' }),
};

function onBoth(name: string, run: (t: TestContext, connect: Connect) => Promise<void>): void {
  for (const [kind, connect] of Object.entries(clients)) test(`${kind}: ${name}`, (t) => run(t, connect));
}

onBoth('a unary call carries the tenant and metadata', async (t, connect) => {
  const seen: unknown[] = [];
  const client = await connect(
    t,
    bindService(RecommendationService, {
      recommend({ placement }, call) {
        seen.push(call.tenant, call.metadata.get('x-a'), call.metadata.getBinary('x-b-bin')?.[0]);
        return { recommendationId: placement };
      },
    }),
  );
  const metadata = { 'x-a': 'v', 'x-b-bin': Uint8Array.of(7) };
  assert.equal((await client.recommend({ placement: 'home' }, { metadata })).recommendationId, 'home');
  await client.recommend({ placement: 'home' }, { tenant: 'other' });
  assert.deepEqual(seen, ['acme', 'v', 7, 'other', undefined, undefined]);
});

// A signal may outlive many calls: the memory client once left a listener, and with it the call, behind for each.
onBoth('a call that is over lets go of its signal', async (t, connect) => {
  const client = await connect(t, bindService(RecommendationService, { recommend: () => ({ recommendationId: 'r' }) }));
  const { signal } = new AbortController();
  for (let call = 0; call < 3; call++) await client.recommend({ placement: 'home' }, { signal });
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

onBoth('errors come back whole', async (t, connect) => {
  const client = await connect(
    t,
    bindService(RecommendationService, {
      recommend() {
        throw new PalateError('OVERLOADED', 'full = “yes”', { retryAfterMillis: 250, metadata: { queue: '3' } });
      },
      rescore() {
        throw new TypeError('secret');
      },
    }),
  );
  await assert.rejects(client.recommend({ placement: 'x' }), {
    name: 'PalateError',
    reason: 'OVERLOADED',
    message: 'full = “yes”',
    retryAfterMillis: 250,
    metadata: { queue: '3' },
  });
  const invalid = await client.recommend({}).catch((error: unknown) => error as PalateError);
  assert.ok(invalid instanceof PalateError);
  assert.deepEqual([invalid.reason, invalid.violations.map(({ field }) => field)], ['INVALID_REQUEST', ['placement']]);
  const hidden = await client
    .rescore({ placement: 'x', itemIds: ['a'] })
    .catch((error: unknown) => error as PalateError);
  assert.ok(hidden instanceof PalateError);
  assert.deepEqual([hidden.reason, hidden.message], ['INTERNAL', 'internal error']);
  await assert.rejects(client.getProfile({}), { reason: 'NOT_IMPLEMENTED' });
  await assert.rejects(client.recommend({ placement: 'x' }, { tenant: 'No One' }), { reason: 'INVALID_TENANT' });
});

onBoth('a deadline and a signal end a call', async (t, connect) => {
  const never = Promise.withResolvers<never>();
  const client = await connect(t, bindService(RecommendationService, { recommend: () => never.promise }));
  await assert.rejects(client.recommend({ placement: 'x' }, { timeoutMillis: 30 }), { reason: 'DEADLINE_EXCEEDED' });
  const leave = new AbortController();
  setTimeout(() => leave.abort(), 20);
  await assert.rejects(client.recommend({ placement: 'x' }, { signal: leave.signal }), { reason: 'CANCELLED' });
  await assert.rejects(client.recommend({ placement: 'x' }, { signal: AbortSignal.abort() }), { reason: 'CANCELLED' });
});

onBoth('a server stream is read to its end, or left', async (t, connect) => {
  let finished = 0;
  const client = await connect(
    t,
    bindService(IngestService, {
      async *subscribe({ untilEnd }) {
        try {
          for (let sequence = 1n; !untilEnd || sequence <= 3n; sequence++) yield { throughSequence: sequence };
        } finally {
          finished += 1;
        }
      },
    }),
  );
  const all = await Array.fromAsync(client.subscribe({ untilEnd: true }));
  assert.deepEqual(
    all.map(({ throughSequence }) => throughSequence),
    [1n, 2n, 3n],
  );
  for await (const { throughSequence } of client.subscribe({})) if (throughSequence === 5n) break;
  await until(() => finished === 2);
});

onBoth('a bidirectional stream takes messages and bytes that are encoded already', async (t, connect) => {
  const client = await connect(
    t,
    bindService(IngestService, {
      publishStream: onWire(async function* (batches) {
        for await (const batch of batches) yield { accepted: batch.length };
      }),
    }),
  );
  const message = { events: [{ userId: 'u' }] };
  const bytes = toBinary(PublishStreamRequestSchema, create(PublishStreamRequestSchema, message));
  async function* requests() {
    yield message;
    yield bytes;
  }
  const accepted = await Array.fromAsync(client.publishStream(requests()), (answer) => answer.accepted);
  assert.deepEqual(accepted, [bytes.length, bytes.length]);
});

onBoth('requests that throw end the call, and their error comes out', async (t, connect) => {
  let ended = false;
  const answered = Promise.withResolvers<number>();
  const client = await connect(
    t,
    bindService(IngestService, {
      publishStream: onWire(async function* (batches) {
        try {
          for await (const batch of batches) yield { accepted: batch.length };
        } finally {
          ended = true;
        }
      }),
    }),
  );
  async function* requests() {
    yield { events: [] };
    await answered.promise;
    throw new PalateError('INPUT_UNREADABLE', 'the file broke off');
  }
  const read = async (): Promise<void> => {
    for await (const { accepted } of client.publishStream(requests())) answered.resolve(accepted);
  };
  await assert.rejects(read(), { reason: 'INPUT_UNREADABLE' });
  await until(() => ended);
});

onBoth('requests are returned early when the answers end', async (t, connect) => {
  let returned = false;
  const client = await connect(
    t,
    bindService(IngestService, {
      publishStream: onWire(async function* (batches) {
        for await (const batch of batches) {
          yield { accepted: batch.length };
          return;
        }
      }),
    }),
  );
  async function* requests() {
    try {
      for (;;) {
        yield { events: [] };
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      returned = true;
    }
  }
  assert.equal((await Array.fromAsync(client.publishStream(requests()))).length, 1);
  await until(() => returned);
});

onBoth('a stream that is cut off throws what cut it', async (t, connect) => {
  const client = await connect(
    t,
    bindService(IngestService, {
      async *subscribe(_, call) {
        yield { throughSequence: 1n };
        await once(call.signal, 'abort');
      },
    }),
  );
  const got: bigint[] = [];
  const read = async (): Promise<void> => {
    for await (const { throughSequence } of client.subscribe({}, { timeoutMillis: 150 })) got.push(throughSequence);
  };
  await assert.rejects(read(), { reason: 'DEADLINE_EXCEEDED' });
  assert.deepEqual(got, [1n]);
});

onBoth('a handler may answer with bytes', async (t, connect) => {
  const bytes = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { throughSequence: 7n }));
  const client = await connect(
    t,
    bindService(IngestService, {
      async *subscribe() {
        yield bytes;
      },
    }),
  );
  const [answer] = await Array.fromAsync(client.subscribe({}));
  assert.equal(answer?.throughSequence, 7n);
});
