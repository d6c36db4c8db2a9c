import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openRedisSharedFlight } from '../../../src/storage/records/redis-shared-flight.ts';
import type { SharedFlight } from '../../../src/storage/records/shared-flight.ts';
import { recordingLog } from '../../scoring/recording-log.ts';
import { eventually } from '../../servers/palate-process.ts';
import { type RedisServer, startRedis } from '../../servers/redis.ts';

const server = await startRedis({ after });

const times = { timeoutMillis: 1_000, holdMillis: 1_000, waitMillis: 5_000, answerMillis: 1_000, restMillis: 200 };

/** As in several processes: each has connections of its own. */
async function flights(t: TestContext, count: number, change: Partial<typeof times> & { at?: RedisServer } = {}) {
  const { at = server, ...own } = change;
  const prefix = randomUUID();
  const { log, lines } = recordingLog();
  const all: SharedFlight[] = [];
  t.after(() => {
    for (const each of all) each.close();
  });
  for (let n = 0; n < count; n++) {
    all.push(await openRedisSharedFlight({ url: at.url, prefix, log, ...times, ...own }));
  }
  return { all, prefix, lines };
}

/** Work whose outcome everyone can look up, as a score in the records. */
function workOf(millis: number) {
  let outcome: string | undefined;
  const state = { runs: 0, atOnce: 0, mostAtOnce: 0 };
  return {
    state,
    found: async () => outcome,
    async work() {
      state.runs += 1;
      state.mostAtOnce = Math.max(state.mostAtOnce, ++state.atOnce);
      await sleep(millis);
      state.atOnce -= 1;
      outcome = 'done';
      return outcome;
    },
  };
}

describe('what is in flight among processes', () => {
  it('is done once, and all have its outcome soon', async (t) => {
    const { all } = await flights(t, 5);
    const flight = workOf(150);
    const began = performance.now();
    const results = await Promise.all(all.map((each) => each.share('a photo', flight)));
    assert.deepEqual(results, Array(5).fill('done'));
    assert.equal(flight.state.runs, 1);
    assert.ok(performance.now() - began < 1_000);
  });

  it('is done once also where one comes in the moment when another has just finished', async (t) => {
    const { all, lines } = await flights(t, 2);
    for (let n = 0; n < 50; n++) {
      const flight = workOf(1);
      await Promise.all([
        all[0]!.share(`photo ${n}`, flight),
        sleep(n % 5).then(() => all[1]!.share(`photo ${n}`, flight)),
      ]);
      assert.equal(flight.state.runs, 1);
    }
    assert.deepEqual(lines, []);
  });

  it('keeps other work out of it', async (t) => {
    const { all } = await flights(t, 2);
    const [one, other] = [workOf(100), workOf(1)];
    const slow = all[0]!.share('one', one);
    await all[1]!.share('other', other);
    assert.equal(one.state.atOnce, 1);
    await slow;
  });

  it('is held for as long as it takes, beyond the time of a hold', async (t) => {
    const { all } = await flights(t, 2, { holdMillis: 100 });
    const flight = workOf(500);
    await Promise.all(all.map((each) => each.share('long', flight)));
    assert.equal(flight.state.runs, 1);
  });

  it('is done by the next one where it failed', async (t) => {
    const { all } = await flights(t, 3);
    let runs = 0;
    let outcome: string | undefined;
    const work = async () => {
      runs += 1;
      await sleep(50);
      if (runs === 1) throw new TypeError('broken');
      outcome = 'done';
      return outcome;
    };
    const settled = await Promise.allSettled(all.map((each) => each.share('x', { found: async () => outcome, work })));
    assert.equal(settled.filter(({ status }) => status === 'rejected').length, 1);
    assert.equal(runs, 2);
  });

  it('passes to another when its process has died', async (t) => {
    const { all, prefix } = await flights(t, 2);
    const raw = new Redis(server.url);
    t.after(() => raw.disconnect());
    await raw.set(`${prefix}:1:flight:x`, 'a process that is no more', 'PX', times.holdMillis);
    const flight = workOf(1);
    assert.deepEqual(await Promise.all(all.map((each) => each.share('x', flight))), ['done', 'done']);
    assert.equal(flight.state.runs, 1);
  });

  it('is waited for no longer than allowed, nor than anybody wants', async (t) => {
    const { all, prefix } = await flights(t, 1, { waitMillis: 150 });
    const raw = new Redis(server.url);
    t.after(() => raw.disconnect());
    await raw.set(`${prefix}:1:flight:x`, 'one that takes for ever');
    assert.equal(await all[0]!.share('x', workOf(1)), 'done');
    const leaving = new AbortController();
    const flight = workOf(1);
    const shared = all[0]!.share('x', { ...flight, signal: leaving.signal });
    leaving.abort(new Error('gone'));
    await assert.rejects(shared, /gone/);
    assert.equal(flight.state.runs, 0);
  });

  it('is found by looking where the channel is silent', async (t) => {
    const { all, prefix } = await flights(t, 1);
    const raw = new Redis(server.url);
    t.after(() => raw.disconnect());
    await raw.set(`${prefix}:1:flight:x`, 'one that tells nobody');
    const flight = workOf(1);
    const shared = all[0]!.share('x', flight);
    await flight.work();
    await raw.del(`${prefix}:1:flight:x`);
    assert.equal(await shared, 'done');
    assert.equal(flight.state.runs, 1);
  });
});

describe('what is in flight while Redis is not there', () => {
  it('is done by each alone, at once, and shared again later', async (t) => {
    const at = await startRedis(t);
    const { all, lines } = await flights(t, 2, { at, answerMillis: 50 });
    await at.kill();
    const flight = workOf(20);
    await Promise.all(all.map((each) => each.share('x', flight)));
    assert.equal(flight.state.runs, 2);
    await at.start();
    await eventually('it is shared again', async () => {
      const again = workOf(20);
      await Promise.all(all.map((each) => each.share('x', again)));
      return again.state.runs === 1;
    });
    assert.ok(lines.filter(({ level }) => level === 'warn').length <= 4);
  });

  it('waits once for one that says nothing, and for one that dies while another waits', async (t) => {
    const at = await startRedis(t);
    const { all } = await flights(t, 2, { at, answerMillis: 50 });
    const flight = workOf(300);
    const shared = Promise.all(all.map((each) => each.share('x', flight)));
    await eventually('one is at work', () => flight.state.atOnce === 1);
    at.pause();
    assert.deepEqual(await shared, ['done', 'done']);
    const began = performance.now();
    for (let n = 0; n < 20; n++) await all[0]!.share(`y ${n}`, workOf(0));
    assert.ok(performance.now() - began < 400);
    at.resume();
  });
});
