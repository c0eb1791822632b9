/** Bugs in what is told of a long SMS of which the gateway has some segments and not all. */
import { Settlement } from '../../lib/outbox/settlement.js';
import { UnknownOutcomes } from '../../lib/outbox/unknown-outcomes.js';
import type { Fault } from './faults.js';
import type { Plan } from './plan.js';
import type { SmsPlan } from './plan-sms.js';
import type { PlantedBug } from './planted-bugs-deliveries.js';
import { instead } from './replace.js';

export const BUGS_OF_HALVES: readonly PlantedBug[] = [
  {
    name: 'a long SMS that is not accepted has no ids',
    symptom: /does not tell what the gateway has of it/,
    seed: 1,
    plant: () =>
      instead(
        Settlement.prototype,
        'settle',
        (settle) =>
          function (this: Settlement, item, entry, result) {
            const { outcome, messageIds } = result;
            settle.call(this, item, entry, {
              ...result,
              messageIds: outcome === 'accepted' ? messageIds : [],
            });
          },
      ),
  },
  {
    name: 'receipts of several submissions that were not taken whole count as those of one',
    symptom: /delivered as a whole, and the gateway never had it so/,
    seed: 4,
    plant: () =>
      instead(
        UnknownOutcomes.prototype,
        'idsOf',
        (idsOf) =>
          function (this: UnknownOutcomes, id, to) {
            return [idsOf.call(this, id, to).flat()];
          },
      ),
  },
  {
    name: 'a long SMS is put together of two halves',
    symptom: /accepted with ids that the gateway did not give it/,
    seed: 6,
    around: { plan: cutAmongLong },
    plant: () =>
      instead(
        UnknownOutcomes.prototype,
        'wholesOf',
        () =>
          function (this: UnknownOutcomes, id, to, segments) {
            const ids = this.idsOf(id, to).flat();
            return ids.length < segments ? [] : [ids.slice(0, segments)];
          },
      ),
  },
];

/** Long SMS, each to a phone of its own, of which the links are cut again and again: their receipts are to tell. */
function cutAmongLong(plan: Plan): Plan {
  const sms = plan.sms.map((each, index): SmsPlan => {
    const { dedupeKey: _dedupeKey, ...given } = each.sms;
    const to = `45${20_000_000 + index}`;
    const other = {
      ...given,
      to,
      text: '<0>'.repeat(120),
      receipt: 'always',
      onUncertain: 'reconcile',
    } as const;
    return { ...each, sms: other, sendAfterMs: undefined, poison: undefined };
  });
  const faults = Array.from({ length: 20 }, (_, index): Fault => ({
    at: (index * plan.healedAt) / 20,
    kind: 'cut',
  }));
  return { ...plan, sms, faults, options: { ...plan.options, window: 10, segmentsPerSecond: 3 } };
}
