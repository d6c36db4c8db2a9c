import type { Metadata } from '@grpc/grpc-js';
import type { StatusCode } from '../../errors.ts';
import type { Call } from '../call.ts';
import { endClientSpan, startClientSpan } from '../interceptors/call-span.ts';
import { forwardedMetadata } from './forwarded-metadata.ts';
import type { Peer } from './peer.ts';

/** A call that goes to a peer: under way there, counted, and in a span of its own. */
export interface Attempt {
  readonly metadata: Metadata;
  /** To be called once. */
  end(code: StatusCode): void;
}

/** `path`: `/package.Service/Method`; `ownAuthorization` is for callers that brought none. */
export function beginAttempt(peer: Peer, call: Call, path: string, ownAuthorization: string | undefined): Attempt {
  const span = startClientSpan(call.span, path, peer.address.target);
  peer.calls.begin();
  return {
    metadata: forwardedMetadata(call.metadata, ownAuthorization, span),
    end(code) {
      peer.calls.end(code);
      endClientSpan(span, code);
    },
  };
}
