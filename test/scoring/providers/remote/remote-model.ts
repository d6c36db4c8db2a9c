/** The toy model on scripted servers. */

import { LoadedModel } from '../../../../src/scoring/models/loaded-model.ts';
import { readManifest } from '../../../../src/scoring/models/manifest.ts';
import type { ModelOptions } from '../../../../src/scoring/models/model-options.ts';
import type { RemoteTarget } from '../../../../src/scoring/providers/remote/target.ts';
import { type Scope, temporaryFolder, toyModel } from '../../models/model-folder.ts';
import { keptLog, toyImage } from '../../models/toy-model.ts';

export interface RemoteModelOptions {
  readonly target?: Partial<RemoteTarget>;
  readonly options?: Partial<ModelOptions>;
}

/** Starts it; its weights are on the servers alone. */
export async function startRemote(
  test: Scope,
  addresses: readonly string[],
  { target, options }: RemoteModelOptions = {},
) {
  const { log, lines, until } = keptLog();
  const manifest = readManifest(await toyModel(temporaryFolder(test), 'toy', []), '1');
  const remote = { addresses, hedgeShare: 0, ...target };
  const model = await LoadedModel.start(manifest, { provider: 'remote', remote, log, ...options });
  test.after(() => model.stop());
  /** The labels of an image whose first byte is `value`. */
  const labels = async (value: number, timeoutMillis = 5_000, signal?: AbortSignal) => {
    const deadlineMillis = Date.now() + timeoutMillis;
    const { output } = await model.infer(toyImage(value), {
      deadlineMillis,
      ...(signal === undefined ? {} : { signal }),
    });
    return [...output.labels];
  };
  return { model, labels, lines, until };
}
