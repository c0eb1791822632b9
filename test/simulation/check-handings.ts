/** To whom an event is handed, and how often. */
import type { Millis } from '../../lib/clock.js';
import type { Handing, Ledger } from './ledger.js';
import type { EventKind } from './plan-flow.js';

/**
 * Whether an event may be handed to a listener again: somebody failed at it, or is at it still; or the run ended before it
 * could be known that all had taken it.
 *
 * @param all every handing of the event
 */
export function mayBeHandedAgain(
  ledger: Ledger,
  [before, again]: readonly [Handing, Handing],
  all: readonly Handing[],
): boolean {
  const inRun = all.filter(({ run }) => run === before.run);
  if (before.run === again.run)
    return (
      inRun.some((each) => each.at <= again.at && !wasTaken(each, again.at)) ||
      cameAnew(ledger, before, again)
    );
  const { end, stoppingAt = Infinity, endedAt = Infinity } = ledger.runs[before.run]!;
  if (end === undefined) return false;
  if (end === 'crash' || ledger.diskFailed) return true;
  const last = new Map(inRun.map((each) => [each.listener, each]));
  if (isMissed(ledger, before, inRun)) return true;
  return [...last.values()].some((each) => !wasTaken(each, isBrief(each) ? endedAt : stoppingAt));
}

/** Somebody who was there as the run ended, with too much open, was not handed it at all. */
function isMissed({ listeners, runs, reached }: Ledger, before: Handing, inRun: readonly Handing[]): boolean {
  if (!reached.has('unconfirmed') && !reached.has('unconfirmedCharacters')) return false;
  const { stoppingAt = Infinity } = runs[before.run]!;
  const { kinds } = listeners[before.listener]!.plan;
  return listeners.some(
    ({ number, plan, stays }) =>
      plan.kinds.some((kind) => kinds.includes(kind)) &&
      stays.some(({ run, until }) => run === before.run && until >= stoppingAt) &&
      !inRun.some(({ listener }) => listener === number),
  );
}

/** One that leaves and comes back is another one. */
function cameAnew({ listeners }: Ledger, before: Handing, again: Handing): boolean {
  const stays = listeners[again.listener]?.stays ?? [];
  return stays.some(({ run, from }) => run === again.run && from >= before.at && from <= again.at);
}

/** A stop waits for it, whenever it began. */
function isBrief({ at, taking: { doneAt = Infinity } }: Handing): boolean {
  return doneAt - at <= STOP_WAITS_MS;
}

/** Somewhat less than it does, for a disk that is slow. */
const STOP_WAITS_MS: Millis = 700;

function wasTaken({ taking: { doneAt = Infinity } }: Handing, at: number): boolean {
  return doneAt <= at;
}

/** Whether somebody listened to events of a kind before that, and went on to do so; who comes in that instant has the next. */
export function wasThere({ listeners, runs }: Ledger, kind: EventKind, at: Millis): boolean {
  return listeners.some(
    ({ plan, stays }) =>
      plan.kinds.includes(kind) &&
      stays.some(({ run, from, until }) => from < at && at < Math.min(until, runs[run]!.endedAt ?? Infinity)),
  );
}
