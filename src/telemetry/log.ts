/**
 * Logs: one JSON object a line on standard error, or lines for people where a terminal looks on.
 *
 * The rest of the house sees only `Log`; pino is known here alone.
 */
import { type DestinationStream, destination, type Logger, type LoggerOptions, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Config } from '../config.ts';
import { type LogCounts, LogRate, type WrittenLevel } from './log-rate.ts';
import { cleanFields } from './redact.ts';

/** What a line says beside its message. Errors are written with their causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A log. Messages are short and the same each time; what differs goes into the fields. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose every line carries `fields` too. */
  child(fields: LogFields): Log;
  /** Would a debug line be written? Ask before making costly fields. */
  readonly isDebug: boolean;
  /** Of all its lines; absent: they are not counted. */
  readonly counts?: LogCounts;
}

/** Where lines go: standard error, unless a test looks at them. */
export interface LogSink {
  readonly isTTY?: boolean | undefined;
  write(line: string): unknown;
}

/** A log that writes nothing. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
  isDebug: false,
};

/** A log from `createLog`. */
export interface ProcessLog extends Log {
  readonly counts: LogCounts;
  child(fields: LogFields): ProcessLog;
}

/** `config.log`; what is absent is without a bound. */
export type LogOptions = Pick<Config['log'], 'level' | 'format'> & Partial<Pick<Config['log'], 'repeatsPerSecond'>>;

/**
 * Makes the log of a process from `config.log`. Lines are written synchronously, so that the last one before a crash is
 * not lost. No secret reaches them, see `redact`; a message that comes too often is left out, and how often is told.
 */
export function createLog(options: LogOptions, sink?: LogSink): ProcessLog {
  const isTerminal = sink === undefined ? process.stderr.isTTY === true : sink.isTTY === true;
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && isTerminal);
  const lines = sink ?? standardError();
  const logger = pino(settings(options.level), isPretty ? prettySink(lines, isTerminal) : asDestination(lines));
  const rate = new LogRate({
    repeatsPerSecond: options.repeatsPerSecond ?? 0,
    tell: (level, message, leftOut) => logger[level]({ leftOut }, message),
  });
  return logOf(logger, rate);
}

function settings(level: string): LoggerOptions {
  return {
    level,
    base: null,
    messageKey: 'message',
    errorKey: 'error',
    // Errors come described.
    serializers: { err: (described: unknown) => described },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  };
}

function logOf(logger: Logger, rate: LogRate): ProcessLog {
  const write = (level: WrittenLevel) => (fields: LogFields, message: string) => {
    if (logger.isLevelEnabled(level) && rate.admit(level, message)) logger[level](cleanFields(fields), message);
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => logOf(logger.child(cleanFields(fields)), rate),
    get isDebug() {
      return logger.isLevelEnabled('debug');
    },
    get counts() {
      return rate.counts;
    },
  };
}

/** Standard error, written at once. A reader that has gone (EPIPE) must not take the server with it. */
function standardError(): LogSink {
  const stream = destination({ dest: 2, sync: true });
  stream.on('error', () => {});
  return stream;
}

function asDestination(sink: LogSink): DestinationStream {
  return { write: (line) => void sink.write(line) };
}

function prettySink(sink: LogSink, isTerminal: boolean): DestinationStream {
  const format = prettyFactory({
    // A terminal gets colours unless NO_COLOR or TERM=dumb speak against it, which the library looks at.
    ...(isTerminal ? {} : { colorize: false }),
    messageKey: 'message',
    errorLikeObjectKeys: ['error', 'err'],
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => void sink.write(format(line)) };
}
