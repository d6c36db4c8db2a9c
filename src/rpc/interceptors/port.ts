/** Which way a call came in. */
export type Port = 'grpc' | 'http' | 'memory';
