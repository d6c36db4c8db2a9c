export type ServingStatus = 'SERVING' | 'NOT_SERVING';

/**
 * What serves and what does not, by service name. `''` is the whole process: it serves when every service does, and
 * not at all while the board is closed.
 */
export interface HealthBoard {
  set(service: string, status: ServingStatus): void;
  /** Undefined: there is no such service. */
  get(service: string): ServingStatus | undefined;
  /** Every service with its status, `''` among them. */
  list(): ReadonlyMap<string, ServingStatus>;
  /** Calls back after each change, until the function it returns is called. */
  onChange(listener: () => void): () => void;
  /** From now on nothing serves, whatever is set: the process is going. */
  close(): void;
}

/** A board on which each of the services starts with NOT_SERVING. */
export function createHealthBoard(services: readonly string[] = []): HealthBoard {
  const statuses = new Map<string, ServingStatus>(services.map((service) => [service, 'NOT_SERVING']));
  const listeners = new Set<() => void>();
  let closed = false;
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const overall = (): ServingStatus => {
    if (closed || statuses.get('') === 'NOT_SERVING') return 'NOT_SERVING';
    for (const status of statuses.values()) if (status !== 'SERVING') return 'NOT_SERVING';
    return 'SERVING';
  };
  const get = (service: string): ServingStatus | undefined => {
    if (service === '') return overall();
    const status = statuses.get(service);
    return status !== undefined && closed ? 'NOT_SERVING' : status;
  };
  return {
    get,
    set(service, status) {
      if (statuses.get(service) === status) return;
      statuses.set(service, status);
      tell();
    },
    list: () => new Map(['', ...statuses.keys()].map((service) => [service, get(service) ?? 'NOT_SERVING'])),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      if (closed) return;
      closed = true;
      tell();
    },
  };
}
