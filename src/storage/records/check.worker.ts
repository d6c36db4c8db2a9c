/**
 * Tries the file of the records out, in a process of its own, since damaged pages can end the process that comes upon them:
 * reads it from end to end, and writes to it. Exits with 0 where all is well, with 1 where an entry is not as it was written;
 * anything else is worse.
 */

import { openEntries } from './entries.ts';
import { isSound } from './photo-bytes.ts';
import { hasChecksum, metaKeys } from './record-keys.ts';

const [file = ''] = process.argv.slice(2);
const entries = openEntries(file);
let isWhole = true;
for (const { key, value } of entries.getRange()) isWhole &&= !hasChecksum(key) || isSound(value);
await entries.put(metaKeys.trial, Buffer.alloc(1));
await entries.remove(metaKeys.trial);
await entries.flushed;
await entries.close();
process.exitCode = isWhole ? 0 : 1;
