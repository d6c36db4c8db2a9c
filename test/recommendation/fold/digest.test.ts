import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { CanonicalWriter } from '../../../src/recommendation/fold/canonical-writer.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { anyJournal } from './any-event.ts';
import { event, folded } from './events.ts';

describe('digestOf', () => {
  it('is the same in another process, among another tenant\u2019s events', () => {
    const journal = fc.sample(anyJournal, { seed: 20_261_121, numRuns: 30 }).flat();
    const input = journal.map((one) => Buffer.from(toBinary(EventSchema, one)).toString('base64')).join('\n');
    const script = fileURLToPath(new URL('digest-process.ts', import.meta.url));
    const child = spawnSync(process.execPath, [script], { input, encoding: 'utf8' });
    assert.equal(child.stdout, digestOf(folded(journal)), child.stderr);
  });

  it('does not change by reading', () => {
    const tenant = folded([event('itemViewed', { itemId: 'a' }, { visitor: 'v' })]);
    const before = digestOf(tenant);
    tenant.popularity.top('', 5, () => true);
    tenant.people.profile(0);
    tenant.people.numberOf({ userId: 'unknown' });
    tenant.catalogue.numberOf('unknown');
    assert.equal(digestOf(tenant), before);
    assert.match(before, /^[0-9a-f]{64}$/);
  });

  it('does not depend on the order of a map\u2019s keys on the wire', () => {
    const value = (text: string) => ({ kind: { case: 'stringValue' as const, value: text } });
    const described = (custom: Record<string, ReturnType<typeof value>>) =>
      digestOf(folded([event('itemUpserted', { itemId: 'a', attributes: { custom } })]));
    assert.equal(described({ x: value('1'), y: value('2') }), described({ y: value('2'), x: value('1') }));
  });
});

describe('CanonicalWriter', () => {
  const hashed = (write: (writer: CanonicalWriter) => void) => {
    const writer = new CanonicalWriter();
    write(writer);
    return writer.digest();
  };

  it('writes floats as 8 bytes and texts behind their lengths', () => {
    const bytes = Buffer.concat([float(1.5), float(3), Buffer.from('\u20ac')]);
    const digest = hashed((writer) => {
      writer.number(1.5);
      writer.text('\u20ac');
    });
    assert.equal(digest, createHash('sha256').update(bytes).digest('hex'));
  });

  it('takes any amount, also texts longer than its buffer', () => {
    const texts = ['a'.repeat(70_000), 'b'.repeat(30_000), 'c'];
    const bytes = Buffer.concat(texts.flatMap((text) => [float(text.length), Buffer.from(text)]));
    const digest = hashed((writer) => {
      for (const text of texts) writer.text(text);
    });
    assert.equal(digest, createHash('sha256').update(bytes).digest('hex'));
  });

  it('knows one zero and one NaN', () => {
    assert.equal(
      hashed((writer) => writer.number(-0)),
      hashed((writer) => writer.number(0)),
    );
  });
});

function float(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
