/** Takes an event apart and gives it to the applier of its type. */
import type { Event } from '../../../../gen/palate/event/v1/event_pb.ts';
import type { TenantState } from '../tenant-state.ts';
import { browseAppliers } from './browse.ts';
import { catalogueAppliers } from './catalogue.ts';
import type { Occasion } from './occasion.ts';

export type Payload = Exclude<Event['payload'], { case: undefined }>;
export type PayloadCase = Payload['case'];
export type PayloadValue<C extends PayloadCase> = Extract<Payload, { case: C }>['value'];

const appliers = { ...browseAppliers, ...catalogueAppliers };
