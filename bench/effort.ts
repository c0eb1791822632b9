/** How much is measured: enough for a figure to be quoted, or a quick look. */
export interface Effort {
  readonly rounds: number;
  /** Of one client in one round. */
  readonly stretchMs: number;
  /** Of one client at one window, before the first round. */
  readonly warmUpMs: number;
  /** deliver_sm of one client in one round. */
  readonly deliveries: number;
  /** For each rate of the latencies, in seconds. */
  readonly latencySeconds: number;
  /** SMS in the queue at a start. */
  readonly backlog: number;
}

export const FULL: Effort = {
  rounds: 5,
  stretchMs: 300,
  warmUpMs: 800,
  deliveries: 10_000,
  latencySeconds: 4,
  backlog: 100_000,
};

export const QUICK: Effort = {
  rounds: 2,
  stretchMs: 150,
  warmUpMs: 300,
  deliveries: 3_000,
  latencySeconds: 2,
  backlog: 10_000,
};
