/** Folds base64 events, one a line, from standard input between those of another tenant and prints the digest. */
import { text } from 'node:stream/consumers';
import { fromBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { defaultFoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState } from '../../../src/recommendation/fold/state.ts';
import { apply, event } from './events.ts';

const state = createState(defaultFoldSettings);
for (const line of (await text(process.stdin)).split('\n')) {
  apply(state, [event('itemViewed', { itemId: `other ${line.length}` }, { visitor: 'other' })], 'other');
  apply(state, [fromBinary(EventSchema, Buffer.from(line, 'base64'))]);
}
process.stdout.write(digestOf(state.tenant('default')!));
