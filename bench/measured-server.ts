/** A server in a process of its own, and what it costs: CPU time, memory, and how long its event loop was kept waiting. */

import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type RunningServer, startServer } from '../scripts/server-process.ts';
import { type FunctionCost, readProfiles } from './cpu-profile.ts';
import type { ProbeReadings, ProbeSample } from './server-probe.ts';

export interface MeasuredServerOptions {
  /** Holds the data, the probe's readings and no more. */
  readonly folder: string;
  /** More arguments of `palate serve`. */
  readonly args?: readonly string[];
  /** More variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Writes CPU profiles there. They slow the server down by some percent. */
  readonly profileFolder?: string | undefined;
  /** Samples its memory and its event loop each second. Default: no. */
  readonly isSampled?: boolean;
  /** Watches its event loop, for 1 % of a core. Default: yes. */
  readonly isLoopWatched?: boolean;
  /** Works out the digest of the state that served when it stops. Default: no. */
  readonly isDigested?: boolean;
}

export interface ServerCost {
  /** User and system time of all threads so far. */
  readonly cpuSeconds: number;
  /** So long the main thread was ready to run and had no core: what other programs on the machine took from it. */
  readonly deniedSeconds: number;
  readonly residentBytes: number;
}

export interface MeasuredServer extends Pick<RunningServer, 'grpc' | 'http'> {
  /** From the start of the process until it served. */
  readonly startSeconds: number;
  cost(): ServerCost;
  /** The probe begins anew: what was before (loading, warming up) is not in its readings. */
  resetProbe(): void;
  /** Of each second since the start. Empty where it is not sampled. */
  samples(): readonly ProbeSample[];
  /** Ends the server. The functions are those of the profile, if there was one; the costliest first. */
  stop(): Promise<{ readonly probe: ProbeReadings; readonly functions: readonly FunctionCost[] }>;
}

const running = new Set<RunningServer>();

/** None outlives this process. */
function endAll(): void {
  for (const server of running) server.process.kill('SIGKILL');
}

/** Starts a server over `folder`/data and waits until it serves. Linux only: it reads /proc. */
export async function startMeasured(options: MeasuredServerOptions): Promise<MeasuredServer> {
  const own = mkdtempSync(join(options.folder, 'server-'));
  const readings = join(own, 'probe.json');
  const probe = new URL('./server-probe.ts', import.meta.url);
  probe.searchParams.set('readings', pathToFileURL(readings).href);
  const samples = join(own, 'samples.ndjson');
  if (options.isSampled === true) probe.searchParams.set('samples', pathToFileURL(samples).href);
  if (options.isLoopWatched === false) probe.searchParams.set('loop', 'no');
  if (options.isDigested === true) probe.searchParams.set('digest', 'yes');
  const { profileFolder } = options;
  const profileArgs = profileFolder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileFolder];
  const startedAt = performance.now();
  const server = await startServer({
    dataFolder: join(options.folder, 'data'),
    nodeArgs: ['--import', probe.href, ...profileArgs],
    args: options.args ?? [],
    env: options.env ?? {},
    stdout: process.stderr,
  });
  const pid = server.process.pid!;
  if (running.size === 0) process.once('exit', endAll);
  running.add(server);
  return {
    grpc: server.grpc,
    http: server.http,
    startSeconds: (performance.now() - startedAt) / 1_000,
    cost: () => costOf(pid),
    resetProbe: () => server.process.kill('SIGUSR2'),
    samples: () => readSamples(samples),
    async stop() {
      await server.stop();
      running.delete(server);
      if (running.size === 0) process.off('exit', endAll);
      const functions = profileFolder === undefined ? [] : readProfiles(profileFolder, pid);
      return { probe: JSON.parse(readFileSync(readings, 'utf8')) as ProbeReadings, functions };
    },
  };
}

function readSamples(file: string): ProbeSample[] {
  if (!existsSync(file)) return [];
  // What follows the last line break is still being written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as ProbeSample);
}

/** `/proc/PID/stat` counts in ticks, of which Linux shows 100 a second to every program. */
const ticksPerSecond = 100;

/** Of any process of this machine. Throws where there is none. */
export function costOf(pid: number): ServerCost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; the fields after it begin with the third, utime is the 14th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  // Nanoseconds on a core, nanoseconds waiting for one, turns.
  const [, denied] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
  return {
    deniedSeconds: Number(denied) / 1e9,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    residentBytes: Number(resident?.[1] ?? 0) * 1_024,
  };
}

/** User and system time of a process and of those that it started and that still run. */
export function treeCpuSecondsOf(root: number): number {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const all = [root];
  for (const pid of all) all.push(...(children.get(pid) ?? []));
  return all.reduce((sum, pid) => sum + costOf(pid).cpuSeconds, 0);
}

/** Undefined: it has ended. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
