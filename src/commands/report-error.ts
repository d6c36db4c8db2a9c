/** How an error looks on the command line. */
import { PalateError } from '../errors.ts';
import { describeError, errorChain } from '../telemetry/describe-error.ts';

/**
 * One clear line: reason, message, advice. `verbose` adds the stacks of the error and of its causes. A fault of Palate
 * itself, which has no better message, is told by its cause.
 */
export function errorText(thrown: unknown, verbose: boolean): string {
  const error = PalateError.from(thrown);
  const message = error.reason === 'INTERNAL' ? internalMessage(error) : error.message;
  const advice = error.reason === 'INTERNAL' ? 'Run it again with --verbose for the whole error.' : error.advice;
  const separator = message.includes('\n') ? '\n' : ' ';
  const line = `palate: ${error.reason}: ${closed(message)}${verbose && error.reason === 'INTERNAL' ? '' : separator + advice}\n`;
  return verbose ? `${line}${describeError(error).stack}\n` : line;
}

function internalMessage(error: PalateError): string {
  const [, cause] = errorChain(error);
  return cause === undefined ? error.message : cause.message || cause.name;
}

function closed(message: string): string {
  return /[.!?:]$/.test(message) ? message : `${message}.`;
}
