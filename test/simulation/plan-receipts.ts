/** What the gateway's ids and receipts are like in a seed: as inMobile's page has them mostly, or as others' are. */
import type { Chance } from './chance.js';

export interface ReceiptHabits {
  /**
   * `own` each segment has one that nothing else has · `letterCase` two differ in that alone · `perHost` each host gives
   * the same ones · `again` after `idsBeforeAgain` they begin anew · `one` the segments of a long SMS share one · `gaps` some
   * segments have none.
   */
  readonly ids: 'own' | 'letterCase' | 'perHost' | 'again' | 'one' | 'gaps';
  readonly idsBeforeAgain: number;
  /** What `sub` counts: the segment, or all of its SMS. */
  readonly counts: 'one' | 'all';
  /** How receipts name the phone: as source, as destination, or not at all. */
  readonly phones: 'source' | 'swapped' | 'none';
  /** Shares of the segments that are not delivered, and of those of which two receipts say different things. */
  readonly failing: number;
  readonly contradicting: number;
}

export function drawReceiptHabits(chance: Chance): ReceiptHabits {
  const ids = chance.happens(0.6)
    ? 'own'
    : chance.oneOf<ReceiptHabits['ids']>(['letterCase', 'perHost', 'again', 'one', 'gaps']);
  // Where ids collide, nothing else says whose a receipt is.
  const hasOwn = ids === 'own' || ids === 'one' || ids === 'gaps';
  return {
    ids,
    counts: chance.happens(0.7) ? 'one' : 'all',
    phones: hasOwn && chance.happens(0.1) ? chance.oneOf(['swapped', 'none']) : 'source',
    failing: chance.oneOf([0.2, 0.2, 0.5]),
    contradicting: chance.oneOf([0, 0.05, 0.3]),
    idsBeforeAgain: chance.oneOf([3, 23]),
  };
}
