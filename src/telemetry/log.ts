/**
 * Logs: one JSON object a line on standard error, or lines for people where a terminal looks on.
 *
 * The rest of the house sees only `Log`; pino is known here alone.
 */
import { type DestinationStream, destination, type Logger, type LoggerOptions, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Config } from '../config.ts';
import { describeError } from './describe-error.ts';

/** What a line says beside its message. An error goes under `error`, and is written with its causes. */
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

/** Fields that never reach a log, at the top of a line or one level down. */
const secretFields = [
  'authorization',
  'cookie',
  'token',
  'password',
  'secret',
  'apiKey',
  'accessKey',
  'secretAccessKey',
  'privateKey',
];

/**
 * Makes the log of a process from `config.log`. Lines are written synchronously, so that the last one before a crash is
 * not lost.
 */
export function createLog(options: Config['log'], sink?: LogSink): Log {
  const isTerminal = sink === undefined ? process.stderr.isTTY === true : sink.isTTY === true;
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && isTerminal);
  const lines = sink ?? standardError();
  return logOf(pino(settings(options.level), isPretty ? prettySink(lines, isTerminal) : asDestination(lines)));
}

function settings(level: string): LoggerOptions {
  return {
    level,
    base: null,
    messageKey: 'message',
    errorKey: 'error',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: describeError },
    redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
  };
}

function logOf(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => logOf(logger.child({ ...fields })),
    get isDebug() {
      return logger.isLevelEnabled('debug');
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
    errorLikeObjectKeys: ['error'],
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => void sink.write(format(line)) };
}
