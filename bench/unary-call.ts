/** The cost of a unary call beside a bare grpc-js echo, as `unary.ts` measures it. */

import { grouped } from '../src/commands/progress-bar.ts';
import { type Benchmark, countOf } from './benchmark.ts';
import { benchUnary } from './unary.ts';

export const unary: Benchmark = {
  name: 'unary',
  summary: 'A trivial unary call through all interceptors beside a bare grpc-js echo, a server CPU-second',
  options: { rounds: { type: 'string', description: 'Rounds of both, in turn; the median counts. Default: 7.' } },
  async run({ values, progress }) {
    const rounds = countOf(values, 'rounds', 7);
    progress(`${rounds} rounds of about two seconds`);
    const { bare, palate, ratio } = await benchUnary(rounds);
    const rows = [
      ['bare grpc-js echo', grouped(bare), ''],
      ['Palate', grouped(palate), `${(ratio * 100).toFixed(0)} %`],
    ];
    return {
      tables: [{ titles: ['server', 'calls a server CPU-s', 'of bare'], rows }],
      notes: ['The share is the median of the rounds’ own shares.', 'The budget (design.md): 60 %, aim 85 %.'],
      figures: { bareCallsPerCpuSecond: bare, palateCallsPerCpuSecond: palate, ratio, rounds },
    };
  },
};
