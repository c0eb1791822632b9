/** The heap in use after everything unreachable was collected: what a bound on memory is measured by. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Octets, those of buffers included. */
export function heapInUse(): number {
  // The second waits until the first has given up the memory of buffers, which it does beside the program.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
