import { timestampOf } from '../events/timestamp.ts';
import { Slices } from '../journal/slices.ts';
import type { TenantState } from './fold/tenant-state.ts';

/** So many sessions are looked at before the clock is asked. */
const stride = 10_000;

/**
 * The sessions of a person, latest first. No list of them is held, for nothing else asks: all sessions are looked through,
 * in slices. Rejects with the signal's reason.
 */
export async function sessionsOf({ sessions, people, catalogue }: TenantState, person: number, signal: AbortSignal) {
  const slices = new Slices(signal);
  const found: number[] = [];
  for (let session = sessions.first; session < sessions.size; session++) {
    if (session % stride === 0) await slices.giveWay();
    // Meanwhile sessions may have begun, and the oldest left.
    if (session < sessions.first) continue;
    const owner = sessions.personOf(session);
    if (owner !== -1 && people.resolve(owner) === person) found.push(session);
  }
  const held = found.filter((session) => session >= sessions.first);
  held.sort((a, b) => sessions.lastTimeMicros(b) - sessions.lastTimeMicros(a));
  return held.map((session) => ({
    sessionId: sessions.keyOf(session) ?? '',
    beganAt: timestampOf(sessions.firstTimeMicros(session)),
    lastAt: timestampOf(sessions.lastTimeMicros(session)),
    itemIds: Array.from(sessions.itemsOf(session), (item) => catalogue.idOf(item)).filter((id) => id !== ''),
  }));
}
