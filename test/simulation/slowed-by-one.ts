import type { Millis } from '../../lib/clock.js';
import { Pace } from '../../lib/outbox/pace.js';
import { instead, type Undo } from './replace.js';

/** Whatever was sent before it, a refusal has all wait. */
export function slowedByOne(): Undo {
  const until = new WeakMap<Pace, Millis>();
  const isSlowed = (pace: Pace, now: Millis): boolean => now < (until.get(pace) ?? 0);
  const undos = [
    instead(
      Pace.prototype,
      'throttled',
      (throttled) =>
        function (this: Pace, now, isGuess) {
          until.set(this, now + 20_000);
          return throttled.call(this, now, isGuess);
        },
    ),
    instead(
      Pace.prototype,
      'allowance',
      (allowance) =>
        function (this: Pace, now) {
          return isSlowed(this, now) ? 0 : allowance.call(this, now);
        },
    ),
    instead(
      Pace.prototype,
      'nextAt',
      (nextAt) =>
        function (this: Pace, now) {
          return isSlowed(this, now) ? until.get(this) : nextAt.call(this, now);
        },
    ),
  ];
  return () => {
    for (const undo of undos) undo();
  };
}
