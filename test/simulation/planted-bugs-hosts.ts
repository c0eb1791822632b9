/** Planted bugs of which host an SMS is offered to. */
import { SessionDriver } from '../../lib/connection/session-driver.js';
import { Queue } from '../../lib/outbox/queue.js';
import type { Plan } from './plan.js';
import type { SmsPlan } from './plan-sms.js';
import type { PlantedBug } from './planted-bugs-deliveries.js';
import { ESME_RSYSERR } from './poison.js';
import { instead } from './replace.js';

export const BUGS_OF_HOSTS: readonly PlantedBug[] = [
  {
    name: 'an SMS goes again to the host that refused it',
    symptom: /and not to the other host/,
    seed: 2,
    around: { plan: refusedByOneHost },
    plant: () =>
      instead(
        Queue.prototype,
        'release',
        (release) =>
          function (this: Queue, item, ...rest) {
            item.shunned = undefined;
            release.call(this, item, ...rest);
          },
      ),
  },
  {
    name: 'a host that answers nothing is not left for the other one',
    symptom: /and not to the other host/,
    seed: 1,
    around: { plan: oneHostDeaf },
    plant: () =>
      instead(
        SessionDriver.prototype,
        'leave',
        (leave) =>
          function (this: SessionDriver, reason, drainMs) {
            if (reason !== 'unanswered') leave.call(this, reason, drainMs);
          },
      ),
  },
];

/** Several at once, so that both hosts have some; one of them has the first host refuse it. */
function refusedByOneHost(plan: Plan): Plan {
  const poison = { answer: ESME_RSYSERR, segment: undefined, isTaken: false, host: 0 } as const;
  const sms = plan.sms.map((each, index) => ({
    ...short(each),
    at: 5_000 + 500 * Math.floor(index / 4),
    poison: index % 4 === 0 ? poison : undefined,
  }));
  const options = { ...plan.options, links: 'both', window: 1, connectionMode: 'transceiver' } as const;
  return { ...alone(plan), sms, options, faults: [] };
}

/** Each SMS comes a while after the one before it; the first host answers none of them. */
function oneHostDeaf(plan: Plan): Plan {
  const sms = plan.sms
    .slice(0, 12)
    .map((each, index) => ({ ...short(each), at: 5_000 + 3_000 * index, poison: undefined }));
  const options = { ...plan.options, links: 'failover', window: 10, connectionMode: 'transceiver' } as const;
  return { ...alone(plan), sms, options, faults: [{ at: 0, kind: 'deaf', host: 0, ms: 100_000 }] };
}

function short(each: SmsPlan): SmsPlan {
  const sms = { ...each.sms, text: each.sms.text.slice(0, 40), priority: 'normal' } as const;
  return { ...each, sms, sendAfterMs: undefined };
}

/** Nothing else goes wrong. */
function alone(plan: Plan): Plan {
  return { ...plan, lists: [], wholes: [], crashAfter: undefined, insideLong: undefined };
}
