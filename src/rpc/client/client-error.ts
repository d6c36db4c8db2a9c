import type { ServiceError } from '@grpc/grpc-js';
import { PalateError, statusCodes } from '../../errors.ts';
import { errorFromStatus } from '../status.ts';

/** The error of a call, from what grpc-js reports. One that no server has explained is the connection's. */
export function errorFromServer(
  error: Pick<ServiceError, 'code' | 'details' | 'metadata'>,
  address: string,
): PalateError {
  const [details] = error.metadata?.get('grpc-status-details-bin') ?? [];
  const bytes = details instanceof Uint8Array ? details : undefined;
  if (error.code === statusCodes.UNAVAILABLE && bytes === undefined) return unreachable(error, address);
  return errorFromStatus(error.code, error.details, bytes);
}

function unreachable(error: Pick<ServiceError, 'details'>, address: string): PalateError {
  const { details } = error;
  const what = isLost(details) ? `the connection to ${address} was lost` : `could not connect to ${address}`;
  return new PalateError('UNREACHABLE', `${what}: ${details}`, { cause: error });
}

function isLost(details: string): boolean {
  const isNoConnection = /ECONNREFUSED|No connection established/.test(details);
  return !isNoConnection && /dropped|reset|goaway|shutdown|closed/i.test(details);
}

/** Whether it is a call's error that never left this process, for want of a connection. */
export function isNeverSent(error: PalateError): boolean {
  return error.reason === 'UNREACHABLE' && isServiceError(error.cause) && !isLost(error.cause.details);
}

/** Is it what grpc-js throws for a call that failed? */
export function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number' && 'details' in thrown;
}
