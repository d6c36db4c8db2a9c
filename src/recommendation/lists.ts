import type {
  ListSimilarItemsRequest,
  ListTrendingItemsRequest,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { StrategyName } from '../config/placements.ts';
import { type AnswerItem, answerItem } from './answer.ts';
import type { TenantState } from './fold/tenant-state.ts';
import { decodePageToken, encodePageToken, maxPosition } from './page-token.ts';
import { rank } from './ranking.ts';
import { type ReadCall, type Reading, stateFor, whenThere } from './reading.ts';
import { fewestJudged } from './selection.ts';
import { nobody, resolveSubject, type Subject } from './subject.ts';

type ListRequest = Pick<ListSimilarItemsRequest, 'pageSize' | 'pageToken' | 'filter' | 'explain'>;

interface List {
  readonly strategy: StrategyName;
  readonly category: string;
  readonly subject: Subject;
  /** All that fixes the list: a page token is tied to it. */
  readonly key: readonly string[];
}

const defaultPageSize = 20;

/** Answers `ListSimilarItems`: what goes with one item, for nobody in particular. */
export function listSimilarItems(reading: Reading, request: ListSimilarItemsRequest, call: ReadCall) {
  return whenThere(stateFor(reading.feed, request, call), ({ tenant, sequence }) => {
    const key = ['similar', call.tenant, request.itemId, request.filter];
    const about = { userId: '', visitorId: '', sessionId: '', recentItemIds: [], contextItemId: request.itemId };
    const subject = tenant === undefined ? nobody : resolveSubject(tenant, about);
    return { ...page(reading, tenant, request, { strategy: 'similar', category: '', subject, key }), sequence };
  });
}

/** Answers `ListTrendingItems`: what is popular now, for nobody in particular. */
export function listTrendingItems(reading: Reading, request: ListTrendingItemsRequest, call: ReadCall) {
  return whenThere(stateFor(reading.feed, request, call), ({ tenant, sequence }) => {
    const { category } = request;
    const key = ['trending', call.tenant, category, request.filter];
    return { ...page(reading, tenant, request, { strategy: 'trending', category, subject: nobody, key }), sequence };
  });
}

/**
 * One page. A token says how many candidates earlier pages passed; they are passed over unjudged. A page can be short,
 * even empty, and have a next one: then the filter's budget ran out.
 */
function page(reading: Reading, tenant: TenantState | undefined, request: ListRequest, list: List) {
  const conditions = request.filter === '' ? [] : [reading.compile(request.filter)];
  const skip = decodePageToken(list.key, request.pageToken);
  if (tenant === undefined) return { items: [] as AnswerItem[], nextPageToken: '' };
  const limit = request.pageSize === 0 ? defaultPageSize : request.pageSize;
  const { items, incomplete, position } = rank(tenant, reading.strategies, {
    chain: [{ strategy: list.strategy, weight: 1, category: list.category }],
    boosts: [],
    conditions,
    subject: list.subject,
    limit,
    skip,
    fewestJudged,
    excludeCurrent: true,
    excludeSeen: false,
    explain: request.explain,
    only: undefined,
    nowMicros: reading.now(),
  });
  const hasMore = (items.length === limit || incomplete) && position > skip && position <= maxPosition;
  return {
    items: items.map((item) => answerItem(tenant, item)),
    nextPageToken: hasMore ? encodePageToken(list.key, position) : '',
  };
}
