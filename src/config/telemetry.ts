/** What a server tells of itself: its log and its metrics. */
import { boolean, choice, durationOrUnlimited, integer, section } from './settings.ts';

export const log = section({
  level: choice(['debug', 'info', 'warn', 'error', 'silent'], {
    description: 'The least that is logged.',
    default: 'info',
    flag: 'log-level',
  }),
  format: choice(['auto', 'json', 'pretty'], {
    description: 'One JSON object a line, or lines for people; auto: pretty where standard error is a terminal.',
    default: 'auto',
    flag: 'log-format',
  }),
  repeatsPerSecond: integer({
    description:
      'So often a second the same message is written; how many more there were is said in a line of its own. 0: all are.',
    default: 20,
    max: 1_000_000,
  }),
  slowCall: durationOrUnlimited({
    description: 'A call with one answer that takes longer than this is logged as a warning.',
    default: '1s',
    min: '1ms',
  }),
});

export const metrics = section({
  enabled: boolean({
    description: 'Whether figures are collected, and /metrics shows them on the HTTP port.',
    default: true,
  }),
});
