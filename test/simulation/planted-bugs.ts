/**
 * Bugs that the simulation has to catch, each planted from outside: a method of the real core replaced for the time
 * of a run, or something put around its storage. The core itself knows nothing of them.
 */
import { Failover } from '../../lib/connection/failover.js';
import { LoginHold } from '../../lib/connection/login-hold.js';
import { Inbox } from '../../lib/inbox/inbox.js';
import { Reassembler } from '../../lib/inbox/reassembler.js';
import { RedeliveryGuard } from '../../lib/inbox/redelivery-guard.js';
import { Answers } from '../../lib/outbox/answers.js';
import { Dedupe } from '../../lib/outbox/dedupe.js';
import { Leavers } from '../../lib/outbox/heap.js';
import { Outbox } from '../../lib/outbox/outbox.js';
import { Queue } from '../../lib/outbox/queue.js';
import { ReadBack } from '../../lib/outbox/read-back.js';
import { Settlement } from '../../lib/outbox/settlement.js';
import { SubmitFailures } from '../../lib/outbox/submit-failures.js';
import { Submission } from '../../lib/outbox/submission.js';
import { Alarm } from '../../lib/alarm.js';
import { UnknownOutcomes } from '../../lib/outbox/unknown-outcomes.js';
import { HeldReceipts } from '../../lib/receipt/held-receipts.js';
import { ReceiptEmission } from '../../lib/receipt/receipt-emission.js';
import { KeepAlive } from '../../lib/session/keep-alive.js';
import { Window } from '../../lib/session/window.js';
import { Housekeeping } from '../../lib/storage/journal/housekeeping.js';
import { Mailbox } from '../../lib/storage/mailbox.js';
import { MachineClock } from './machine-clock.js';
import { instead, insteadOfGetter } from './replace.js';
import { BUGS_OF_DELIVERIES, type PlantedBug } from './planted-bugs-deliveries.js';
import { BUGS_OF_HALVES } from './planted-bugs-halves.js';
import { BUGS_OF_HOSTS } from './planted-bugs-hosts.js';
import { slowedByOne } from './slowed-by-one.js';
import {
  alarmsAmongLong,
  answersInOrder,
  cancelled,
  finalToo,
  graceless,
  misplaced,
  otherEntry,
  refusedInside,
  serialReads,
  tailAlone,
  without,
  writing,
} from './plants.js';

export type { PlantedBug } from './planted-bugs-deliveries.js';

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'an SMS counts as taken in before it is on the disk',
    symptom: /taken in and is lost/,
    seed: 36,
    around: { storage: (storage) => writing(storage, (write, changes) => void write(changes)) },
  },
  {
    name: 'nothing on the disk says that an SMS is under way',
    symptom: /is not flagged/,
    seed: 19,
    around: {
      storage: (storage) =>
        without(storage, ({ table, value }) => table === 'progress' && value !== undefined),
    },
  },
  {
    name: 'a result is reported and not recorded',
    symptom: /taken in and is lost/,
    seed: 36,
    around: {
      storage: (storage) => without(storage, ({ table, value }) => table === 'result' && value !== undefined),
    },
  },
  {
    name: 'a result that was taken is not forgotten',
    symptom: /reported twice, without a crash/,
    seed: 19,
    around: {
      storage: (storage) => without(storage, ({ table, value }) => table === 'result' && value === undefined),
    },
  },
  {
    name: 'dedupe keys are not kept over a restart',
    symptom: /dedupe key/,
    seed: 6,
    around: { storage: (storage) => without(storage, ({ table }) => table === 'dedupe') },
  },
  {
    name: 'parts of a long incoming SMS are on the heap only',
    symptom: /incoming SMS /,
    seed: 5,
    around: {
      storage: (storage) => without(storage, ({ table, value }) => table === 'part' && value !== undefined),
    },
  },
  {
    name: 'ESME_RSUBMITFAIL is taken for a verdict',
    symptom: /rejected for no good reason/,
    seed: 4,
    plant: () => finalToo(0x45),
  },
  {
    name: 'throttling is taken for a verdict',
    symptom: /rejected for no good reason/,
    seed: 1,
    plant: () => finalToo(0x58),
  },
  {
    name: 'an unknown outcome is dropped',
    symptom: /taken in and is lost|never answered/,
    seed: 4,
    plant: () => instead(Answers.prototype, 'unknown', () => () => undefined),
  },
  {
    name: 'a resubmission is not flagged',
    symptom: /is not flagged/,
    seed: 4,
    plant: () =>
      instead(
        Answers.prototype,
        'nextProgress',
        (next) =>
          function (this: Answers, item) {
            return { ...next.call(this, item), possibleDuplicate: false };
          },
      ),
  },
  {
    name: '`report` sends again',
    symptom: /sent twice under `report`/,
    seed: 6,
    plant: () => otherEntry((entry) => ({ ...entry, onUncertain: 'resend' })),
  },
  {
    name: 'the tail of a long SMS goes alone over the next session',
    symptom: /came before segment/,
    seed: 4,
    plant: tailAlone,
  },
  {
    name: 'an SMS never expires',
    symptom: /after its time/,
    seed: 2,
    plant: () => otherEntry((entry) => ({ ...entry, expiresAt: entry.expiresAt + 86_400_000 })),
  },
  {
    name: 'sendAt is ignored',
    symptom: /before its instant/,
    seed: 2,
    plant: () => otherEntry(({ sendAt: _sendAt, ...entry }) => entry),
  },
  {
    name: 'an alarm waits in line',
    symptom: /is an alarm, and SMS [\d,]+ went first/,
    seed: 32,
    plant: () => otherEntry((entry) => ({ ...entry, priority: 'bulk' })),
  },
  {
    name: 'cancel says yes and does nothing',
    symptom: /cancelled/,
    seed: 1,
    plant: () => instead(Outbox.prototype, 'cancel', () => () => Promise.resolve(true)),
  },
  {
    name: 'an SMS that was never sent holds its dedupe key',
    symptom: /suppressed by the dedupe key of an SMS that was never sent/,
    seed: 37,
    plant: () =>
      instead(
        Dedupe.prototype,
        'settled',
        (settled) =>
          function (this: Dedupe, entry, result) {
            settled.call(this, entry, { ...result, outcome: 'uncertain' });
          },
      ),
  },
  {
    name: 'a dedupe key is not found',
    symptom: /dedupe key/,
    seed: 4,
    plant: () => instead(Dedupe.prototype, 'find', () => () => undefined),
  },
  {
    name: 'the window is not kept to',
    symptom: /under way at once/,
    seed: 1,
    plant: () => insteadOfGetter(Window.prototype, 'free', () => 1_000),
  },
  {
    name: 'answers are taken in the order of the submits',
    symptom: /ids that the gateway did not give/,
    seed: 3,
    plant: answersInOrder,
  },
  {
    name: 'an unanswered enquire_link is no matter',
    symptom: /dead link/,
    seed: 6,
    plant: () =>
      instead(
        KeepAlive.prototype,
        'enquired',
        (enquired) =>
          function (this: KeepAlive, now) {
            enquired.call(this, now);
            this.heard(now);
          },
      ),
  },
  {
    name: 'a busy event loop is taken for a dead link',
    symptom: /was given up at \d+, although it lived/,
    seed: 1,
    around: {
      plan: (plan) => ({
        ...plan,
        faults: plan.sms.map(({ at }) => ({ at: at + 30, kind: 'stall', ms: 16_000 })),
      }),
    },
    plant: graceless,
  },
  {
    name: 'the other host is never tried',
    symptom: /not bound/,
    seed: 2,
    plant: () =>
      instead(
        Failover.prototype,
        'next',
        (next) =>
          function (this: Failover) {
            return { ...next.call(this), host: 0 };
          },
      ),
  },
  {
    name: 'both hosts share one back-off',
    symptom: /not bound/,
    seed: 2,
    plant: () =>
      instead(
        Failover.prototype,
        'ended',
        (ended) =>
          function (this: Failover, ...end) {
            for (const host of [0, 1, 0, 1, 0, 1]) ended.call(this, host, end[1], 0);
          },
      ),
  },
  {
    name: 'reconnects without a pause',
    symptom: /binds in a minute|timers went off/,
    seed: 2,
    plant: () => instead(Failover.prototype, 'ended', () => () => undefined),
  },
  {
    name: 'wrong credentials are tried on and on',
    symptom: /bad credentials/,
    seed: 7,
    plant: () => instead(LoginHold.prototype, 'waitMs', () => () => 0),
  },
  {
    name: 'any refused bind counts as wrong credentials',
    symptom: /not bound/,
    seed: 32,
    plant: () =>
      instead(
        LoginHold.prototype,
        'ended',
        (ended) =>
          function (this: LoginHold, attempt, outcome, now) {
            ended.call(this, attempt, outcome === 'other' ? 'refused' : outcome, now);
          },
      ),
  },
  {
    name: 'deliver_sm is answered before it is safe',
    symptom: /was answered and is lost|was answered \d+ times and came out/,
    seed: 1,
    plant: () =>
      instead(
        Inbox.prototype,
        'accept',
        (accept) =>
          function (this: Inbox, delivery, sessionId, answer) {
            accept.call(this, delivery, sessionId, () => undefined);
            answer('kept');
          },
      ),
  },
  {
    name: 'a redelivery is taken for news',
    symptom: /was sent \d+ times and came out/,
    seed: 19,
    plant: () => instead(RedeliveryGuard.prototype, 'earlier', () => () => undefined),
  },
  {
    name: 'a long incoming SMS with a part missing is dropped',
    symptom: /incoming SMS .* was answered \d+ times/,
    seed: 2,
    plant: () =>
      instead(
        Reassembler.prototype,
        'expire',
        (expire) =>
          function (this: Reassembler, now) {
            return expire.call(this, now).map((ended) => ({ ...ended, messages: [] }));
          },
      ),
  },
  {
    name: 'a receipt that overtakes its answer is not waited with',
    symptom: /was given up after/,
    seed: 4,
    plant: () => instead(HeldReceipts.prototype, 'add', () => (stored) => stored),
  },
  {
    name: 'an unmatched receipt is dropped',
    symptom: /was answered and is lost/,
    seed: 4,
    plant: () =>
      instead(
        HeldReceipts.prototype,
        'expired',
        (expired) =>
          function (this: HeldReceipts, now) {
            expired.call(this, now);
            return [];
          },
      ),
  },
  {
    name: 'every event is handed on twice',
    symptom: /reported twice/,
    seed: 1,
    plant: () =>
      instead(
        Mailbox.prototype,
        'deliver',
        (deliver) =>
          function (this: Mailbox<unknown>, key, event, taken) {
            deliver.call(this, key, event, taken);
            deliver.call(this, key, event, taken);
          },
      ),
  },
  {
    name: 'old records stay on the disk',
    symptom: /on the disk an hour later/,
    seed: 40,
    plant: () => instead(Housekeeping.prototype, 'betweenGroups', () => () => undefined),
  },
  {
    name: 'a timer outlives stop',
    symptom: /timers are left after stop/,
    seed: 1,
    plant: () => instead(Alarm.prototype, 'clear', () => () => undefined),
  },
  {
    name: 'timers go by the wall clock',
    symptom: /dead link|although it lived|not bound|after its time|expired before|waits at/,
    seed: 45,
    plant: () =>
      instead(
        MachineClock.prototype,
        'now',
        () =>
          function (this: MachineClock) {
            return this.wall();
          },
      ),
  },
  {
    name: 'an SMS whose content is not in memory is never read back',
    symptom: /taken in and is lost|never answered|waits at \d+/,
    seed: 1,
    plant: () => instead(ReadBack.prototype, 'read', () => () => undefined),
  },
  {
    name: 'one SMS that cannot be read holds up the others',
    symptom: /waits at \d+|went first|after its time/,
    seed: 6,
    around: { plan: (plan) => ({ ...plan, hasUnreadable: true, bounds: { ...plan.bounds, bodies: 1 } }) },
    plant: serialReads,
  },
  {
    name: 'one SMS that is refused stops all others',
    symptom: /waits at \d+ although a link has room/,
    seed: 6,
    plant: () => instead(SubmitFailures.prototype, 'mayBegin', () => () => false),
  },
  {
    name: 'one SMS without an answer ends its session',
    symptom: /was given up at \d+, although it lived/,
    seed: 7,
    plant: () =>
      instead(
        KeepAlive.prototype,
        'verdict',
        (verdict) =>
          function (this: KeepAlive, ...given) {
            const said = verdict.apply(this, given);
            return said === 'overdue' ? 'dead' : said;
          },
      ),
  },
  {
    name: 'one refusal in a quiet moment slows the account down',
    symptom: /waits at \d+ although a link has room/,
    seed: 4,
    plant: slowedByOne,
  },
  {
    name: 'an alarm waits for the rest of a long SMS',
    symptom: /is an alarm, and SMS [\d,]+ went first/,
    seed: 1,
    around: { plan: alarmsAmongLong },
    plant: () => instead(Queue.prototype, 'urgencyOf', () => () => 'alarm'),
  },
  {
    name: 'an SMS with a large correlation is looked for elsewhere',
    symptom: /could not be|tied to the wrong SMS|tied to no SMS|answered and is lost/,
    seed: 4,
    plant: misplaced,
  },
  {
    name: 'a receipt that came before an SMS left is taken for its own',
    symptom: /ids that the gateway did not give it/,
    seed: 277,
    plant: () =>
      instead(
        UnknownOutcomes.prototype,
        'add',
        (add) =>
          function (this: UnknownOutcomes, given) {
            return add.call(this, { ...given, submittedAt: 0, givenUpAt: given.givenUpAt + 86_400_000 });
          },
      ),
  },
  {
    name: 'nobody knows that a stop came inside a long SMS',
    symptom: /sent again after it, unflagged/,
    seed: 144,
    plant: () =>
      instead(
        Answers.prototype,
        'nextProgress',
        (next) =>
          function (this: Answers, item) {
            const { half: _half, ...progress } = item.progress;
            return next.call(this, Object.assign(item, { progress }));
          },
      ),
  },
  {
    name: 'what ends before its turn stays in its line',
    symptom: /objects are left/,
    seed: 23,
    around: { plan: (plan) => ({ ...cancelled(plan), countsLeftovers: true }) },
    plant: () => instead(Leavers.prototype, 'add', () => () => false),
  },
  {
    name: 'the last refusal is not told',
    symptom: /expired after refusals, and its result says/,
    seed: 1,
    plant: () =>
      instead(
        Settlement.prototype,
        'settle',
        (settle) =>
          function (this: Settlement, item, entry, { status: _status, ...result }) {
            settle.call(this, item, entry, result);
          },
      ),
  },
  {
    name: 'the ids of a long SMS are known only once it is settled',
    symptom: /its segment had its answer/,
    seed: 35,
    plant: () => instead(Outbox.prototype, 'isUnderWay', () => () => false),
  },
  {
    name: 'a receipt that waits for somebody who takes it says nothing of its SMS',
    symptom: /it had come, whoever was there/,
    seed: 48,
    plant: () => instead(ReceiptEmission.prototype, 'learn', () => () => undefined),
  },
  {
    name: 'a segment that was refused goes again after its time',
    symptom: /after its time/,
    seed: 3,
    around: { plan: refusedInside },
    plant: () => instead(Submission.prototype, 'isTooLate', () => () => false),
  },
  ...BUGS_OF_DELIVERIES,
  ...BUGS_OF_HALVES,
  ...BUGS_OF_HOSTS,
];
