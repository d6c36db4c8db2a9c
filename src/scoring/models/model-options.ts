import type { Log } from '../../rpc/log.ts';
import type { Provider } from '../providers/model-instance.ts';
import type { RemoteTarget } from '../providers/remote/target.ts';

/** How to run a model. */
export interface ModelOptions {
  /** What to run on. Default: cpu, or remote where its `model.yaml` names servers. */
  readonly provider?: Provider;
  /** How many copies run side by side. Default: one for each core, at most 2; 1 on a GPU. */
  readonly instances?: number;
  /** The largest batch. Default: 4 on cpu, where more is not faster, what a remote likes best, and 32 elsewhere. */
  readonly maxBatchImages?: number;
  /** How many images may wait. Default: 256. */
  readonly maxQueuedImages?: number;
  /** How long a batch may take before its thread, or the connection to a remote, is given up. Default: 10,000. */
  readonly runTimeoutMillis?: number;
  /** How long loading and warming up may take. Default: 60,000. */
  readonly startTimeoutMillis?: number;
  /** The servers that run it where the provider is `remote`; what its `model.yaml` says goes before. */
  readonly remote?: Partial<RemoteTarget>;
  readonly log: Log;
  /** The file of the instances' threads. Default: the one that runs ONNX Runtime. */
  readonly entry?: URL;
}
