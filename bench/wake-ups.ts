/**
 * How often this process is woken while nothing happens: turns of its event loop, and how often it went to sleep by
 * itself, all threads together.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

export interface WakeUps {
  /** NaN where Node.js does not count them (before 20.18). */
  readonly loopTurns: number;
  readonly contextSwitches: number;
  readonly forMs: number;
}

/** Its own timer is one turn, and is left out. */
export async function wakeUps(forMs: number): Promise<WakeUps> {
  const turns = loopTurns();
  const switches = process.resourceUsage().voluntaryContextSwitches;
  await setTimeout(forMs);
  return {
    loopTurns: loopTurns() - turns - 1,
    contextSwitches: process.resourceUsage().voluntaryContextSwitches - switches,
    forMs,
  };
}

function loopTurns(): number {
  const metrics = Reflect.get(performance.nodeTiming, 'uvMetricsInfo') as { loopCount: number } | undefined;
  return metrics?.loopCount ?? NaN;
}
