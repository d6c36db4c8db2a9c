/** How a replay is told, to programs and to people. */
import { timestampOf } from '../events/timestamp.ts';
import { grouped } from './progress-bar.ts';
import type { Comparison, Moment } from './replay-moments.ts';
import { formatTable } from './table.ts';

type Answer = ReturnType<typeof answerOf>;

export function answerOf({ sequence, appendedAtMicros, records, unreadable, millis, from, digests }: Moment) {
  return {
    sequence: String(sequence),
    ...(appendedAtMicros === 0 ? {} : { appendedAt: isoTime(appendedAtMicros) }),
    ...(from === undefined ? {} : { fromSnapshot: from }),
    records,
    unreadable,
    seconds: millis / 1_000,
    eventsPerSecond: Math.round((records / Math.max(millis, 1)) * 1_000),
    digests,
  };
}

export function textOf(answer: Answer): string {
  const { sequence, appendedAt, fromSnapshot, records, unreadable, seconds, eventsPerSecond, digests } = answer;
  const rows = [
    ['sequence', sequence],
    ['appended at', appendedAt ?? 'never'],
    ...(fromSnapshot === undefined ? [] : [['begun with', fromSnapshot]]),
    ['records', grouped(records)],
    ...(unreadable === 0 ? [] : [['unreadable', `${grouped(unreadable)}, passed over`]]),
    ['speed', `${grouped(eventsPerSecond)} events/s, ${seconds.toFixed(2)} s`],
    ...Object.entries(digests).map(([name, digest]) => [titleOf('digest', name), digest]),
  ];
  return formatTable([{ title: 'what' }, { title: 'how' }], rows);
}

export function comparisonAnswerOf({ first, second, between }: Comparison) {
  const told = (moment: Moment) => ({ ...answerOf(moment), sizes: moment.sizes });
  return { first: told(first), second: told(second), between };
}

/** Two columns, and what lies between them; then the events by type. */
export function comparisonTextOf({ first, second, between }: Comparison): string {
  const pairs = Object.keys(first.sizes).flatMap((name) => {
    const [a, b] = [first.sizes[name]!, second.sizes[name]!];
    return (['items', 'people', 'sessions', 'events'] as const).map((what) =>
      numbers(titleOf(what, name), a[what], b[what]),
    );
  });
  const rows = [
    ['sequence', String(first.sequence), String(second.sequence), signed(second.sequence - first.sequence)],
    ['appended at', timeOf(first), timeOf(second), ''],
    ...pairs,
    ...Object.entries(first.digests).map(([name, digest]) =>
      digests(titleOf('digest', name), digest, second.digests[name]!),
    ),
  ];
  const columns = [{ title: 'what' }, { title: 'first' }, { title: 'second' }, { title: 'difference' }];
  const types = Object.entries(between).flatMap(([name, counts]) =>
    Object.entries(counts).map(([type, count]) => [titleOf(type, name), grouped(count)]),
  );
  const events = types.length === 0 ? '' : `\n${formatTable([{ title: 'events between' }, { title: 'count' }], types)}`;
  return formatTable(columns, rows) + events;
}

function numbers(title: string, a: number, b: number): string[] {
  return [title, grouped(a), grouped(b), signed(b - a)];
}

function digests(title: string, a: string, b: string): string[] {
  return [title, a.slice(0, 16), b.slice(0, 16), a === b ? 'the same' : 'another'];
}

function signed(difference: number): string {
  return difference > 0 ? `+${grouped(difference)}` : grouped(difference);
}

function titleOf(what: string, tenant: string): string {
  return tenant === '' ? what : `${what} of ${tenant}`;
}

function timeOf({ appendedAtMicros }: Moment): string {
  return appendedAtMicros === 0 ? 'never' : isoTime(appendedAtMicros);
}

function isoTime(micros: number): string {
  const { nanos } = timestampOf(micros);
  return new Date(Math.floor(micros / 1e6) * 1_000)
    .toISOString()
    .replace('.000Z', `.${String(nanos / 1_000).padStart(6, '0')}Z`);
}
