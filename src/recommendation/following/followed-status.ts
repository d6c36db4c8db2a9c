import type { JournalStatus } from '../../journal/journal.ts';
import type { FollowingFeed } from './following-feed.ts';

/** The journal that a state follows as far as the state has come, in the terms of a journal of one's own. */
export function followedStatus(feed: Pick<FollowingFeed, 'state' | 'status'>): JournalStatus {
  const { sequence, appendedAtMicros } = feed.state;
  const { generation, following } = feed.status();
  return {
    journalId: following?.journalId ?? '',
    firstSequence: 1,
    lastSequence: sequence,
    durableSequence: sequence,
    lastAppendedAtMicros: appendedAtMicros,
    segments: 0,
    bytes: 0,
    pendingBytes: 0,
    durability: 'disk',
    // Above the state's while the state is folded anew.
    generation: Math.max(generation, following?.generation ?? 0),
    settledGeneration: generation,
    state: 'open',
  };
}
