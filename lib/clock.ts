/**
 * The two kinds of time, and the one way to wait.
 *
 * Timers, deadlines and back-off are measured in monotonic `Millis`; what is stored or shown to a
 * person is wall-clock `EpochMs`. They are never mixed: a clock that is set back must not stop a timer,
 * and a stored instant must mean something after a restart.
 */

/** Milliseconds on a monotonic clock with an arbitrary origin, or a duration. */
export type Millis = number;

/** Milliseconds since 1970 on the wall clock. */
export type EpochMs = number;

export interface Clock {
  /** Monotonic time now. */
  now(): Millis;
  /** Wall-clock time now. */
  wall(): EpochMs;
  /** Calls `run` once after `delayMs`; the returned function cancels it. */
  after(delayMs: Millis, run: () => void): () => void;
}

/** Beyond this `setTimeout` overflows and fires at once; a longer wait is cut and its owner looks again. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** So that a turn that is long looks again, in time. */
const LOOK_AGAIN_AFTER = 100;

/**
 * The same clock, looked at once for what one turn of the event loop does: a flow that sends a hundred SMS in a turn
 * would spend a tenth of its time on what hour it is.
 */
export function lookedAtOnceATurn(clock: Clock): Clock {
  let now: Millis = 0;
  let wall: EpochMs = 0;
  let left = 0;
  const turnOver = (): void => {
    left = 0;
  };
  const look = (): void => {
    left = LOOK_AGAIN_AFTER;
    now = clock.now();
    wall = clock.wall();
    queueMicrotask(turnOver);
  };
  return {
    now() {
      if (--left < 0) look();
      return now;
    },
    wall() {
      if (--left < 0) look();
      return wall;
    },
    after: (delayMs, run) => clock.after(delayMs, run),
  };
}

/** The same clock, where nothing that a timer runs ends the process: what it throws goes to `onThrown`. */
export function withCaughtTimers(clock: Clock, onThrown: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    after: (delayMs, run) =>
      clock.after(delayMs, () => {
        try {
          run();
        } catch (error) {
          onThrown(error);
        }
      }),
  };
}

/** The machine's own clocks and timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), TIMEOUT_MAX_MS));
    return () => clearTimeout(timer);
  },
};
