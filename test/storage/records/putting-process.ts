/** Puts scores into the folder that it is given, says which of the first were put, and goes on until it is killed. */

import { openLmdbScoreRecords } from '../../../src/storage/records/lmdb-score-records.ts';
import { wordOn } from './suite.ts';

const [folder = ''] = process.argv.slice(2);
const records = await openLmdbScoreRecords(folder, { warn() {} });
const words = Array.from({ length: 20 }, (_, n) => wordOn(`p${n}`));
await Promise.all(words.map((word) => records.put('', word)));
process.stdout.write(JSON.stringify(words));
for (let n = 0; ; n++) await records.put('', wordOn(`more ${n}`));
