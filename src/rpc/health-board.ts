export type ServingStatus = 'SERVING' | 'NOT_SERVING';

/**
 * What serves and what does not, by service name. `''` is the whole process: it serves when every service does that it runs
 * itself, and not at all while the board is closed. `localName(service)` is a service only where this process runs it itself.
 */
export interface HealthBoard {
  set(service: string, status: ServingStatus): void;
  /** Of a service that other processes run, and this one passes on to them. */
  setElsewhere(service: string, status: ServingStatus): void;
  /** Undefined: there is no such service. */
  get(service: string): ServingStatus | undefined;
  /** Every service with its status, `''` among them. */
  list(): ReadonlyMap<string, ServingStatus>;
  /** Calls back after each change, until the function it returns is called. */
  onChange(listener: () => void): () => void;
  /** From now on nothing serves, whatever is set: the process is going. */
  close(): void;
}

const local = 'local:';

/** By this name others of the mesh ask for a service: it tells who runs it, and not who passes it on. */
export function localName(service: string): string {
  return `${local}${service}`;
}

/** A board on which each of the services starts with NOT_SERVING. */
export function createHealthBoard(services: readonly string[] = []): HealthBoard {
  const statuses = new Map<string, ServingStatus>(services.map((service) => [service, 'NOT_SERVING']));
  const elsewhere = new Map<string, ServingStatus>();
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
    const isLocal = service.startsWith(local);
    const status = isLocal
      ? statuses.get(service.slice(local.length))
      : (statuses.get(service) ?? elsewhere.get(service));
    return status !== undefined && closed ? 'NOT_SERVING' : status;
  };
  const setIn = (board: Map<string, ServingStatus>, service: string, status: ServingStatus): void => {
    if (board.get(service) === status) return;
    board.set(service, status);
    tell();
  };
  return {
    get,
    set: (service, status) => setIn(statuses, service, status),
    setElsewhere: (service, status) => setIn(elsewhere, service, status),
    list: () =>
      new Map(['', ...statuses.keys(), ...elsewhere.keys()].map((service) => [service, get(service) ?? 'NOT_SERVING'])),
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
