/** How much is measured: enough for a figure to be quoted, or a quick look. */
export interface Effort {
  readonly rounds: number;
  /** Of one client in one round: so long that how a new client grows to its size is a small part of it. */
  readonly stretchMs: number;
  /** Of one client at one window, before the first round. */
  readonly warmUpMs: number;
  /** deliver_sm of one client in one round. */
  readonly deliveries: number;
  /** For each rate of the latencies, in seconds. */
  readonly latencySeconds: number;
  /** SMS in the queue at a start: one start for each. */
  readonly backlogs: readonly number[];
  /** For how long processes with nothing to do are watched: an enquire_link falls into it. */
  readonly idleMs: number;
  /** SMS of a soak, for each storage. */
  readonly soak: number;
}

export const FULL: Effort = {
  rounds: 5,
  stretchMs: 1_000,
  warmUpMs: 800,
  deliveries: 10_000,
  latencySeconds: 4,
  backlogs: [1_000, 100_000],
  idleMs: 20_000,
  soak: 1_000_000,
};

export const QUICK: Effort = {
  rounds: 2,
  stretchMs: 150,
  warmUpMs: 300,
  deliveries: 3_000,
  latencySeconds: 2,
  backlogs: [1_000, 10_000],
  idleMs: 5_000,
  soak: 50_000,
};
