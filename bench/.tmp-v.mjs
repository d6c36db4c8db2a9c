import { createWorkload } from '/work/main/bench/workload.ts';
import { createEventCheck } from '/work/main/src/events/checking.ts';
import { EventSchema } from '/work/main/gen/palate/event/v1/event_pb.ts';
import { create, toBinary, fromBinary } from '@bufbuild/protobuf';
const check = createEventCheck({maxEventBytes: 262144, maxFutureMicros: 6e8});
for (const mode of ['full','noTime','decodeOnly','noTimeNoMaps']) {
const w = createWorkload({seed:1,startMicros:Date.now()*1000-3600e6});
const N=40000; const list=[];
for(let i=0;i<N;i++){ const e=w.next(); if(mode.startsWith('noTime')) e.occurredAt=undefined; list.push(toBinary(EventSchema, create(EventSchema,e))); }
for(const round of [1,2,3]){ const t=performance.now(); for(const b of list) mode==='decodeOnly'? fromBinary(EventSchema,b): check(b, Date.now()*1000); console.log(mode, Math.round(N/(performance.now()-t)*1000)); }
}
