import { test } from 'node:test';
import { swapUnderLoad } from './swap-load.ts';

test('a model is swapped under load: no failed and no mixed answer', (scope) => swapUnderLoad(scope, 12));
