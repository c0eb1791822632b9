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
import { Outbox } from '../../lib/outbox/outbox.js';
import { Queue } from '../../lib/outbox/queue.js';
import { Submission } from '../../lib/outbox/submission.js';
import { Alarm } from '../../lib/alarm.js';
import { HeldReceipts } from '../../lib/receipt/held-receipts.js';
import { KeepAlive } from '../../lib/session/keep-alive.js';
import { Window, type InFlight } from '../../lib/session/window.js';
import { Housekeeping } from '../../lib/storage/journal/housekeeping.js';
import { Mailbox } from '../../lib/storage/mailbox.js';
import type { Change, Storage, Table } from '../../lib/storage/storage.js';
import { MachineClock } from './machine-clock.js';
import { instead, insteadOfGetter, type Undo } from './replace.js';
import type { Around } from './world.js';

export interface PlantedBug {
  readonly name: string;
  /** What the simulation says of it. */
  readonly symptom: RegExp;
  /** A seed that is known to show it, so that the search is short. */
  readonly seed: number;
  readonly plant?: () => Undo;
  readonly around?: Around;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'an SMS counts as taken in before it is on the disk',
    symptom: /taken in and is lost/,
    seed: 1,
    around: { storage: (storage) => writing(storage, (write, changes) => void write(changes)) },
  },
  {
    name: 'nothing on the disk says that an SMS is under way',
    symptom: /is not flagged/,
    seed: 1,
    around: {
      storage: (storage) =>
        without(storage, ({ table, value }) => table === 'progress' && value !== undefined),
    },
  },
  {
    name: 'a result is reported and not recorded',
    symptom: /taken in and is lost/,
    seed: 1,
    around: {
      storage: (storage) => without(storage, ({ table, value }) => table === 'result' && value !== undefined),
    },
  },
  {
    name: 'a result that was taken is not forgotten',
    symptom: /reported twice, without a crash/,
    seed: 1,
    around: {
      storage: (storage) => without(storage, ({ table, value }) => table === 'result' && value === undefined),
    },
  },
  {
    name: 'dedupe keys are not kept over a restart',
    symptom: /dedupe key/,
    seed: 1,
    around: { storage: (storage) => without(storage, ({ table }) => table === 'dedupe') },
  },
  {
    name: 'parts of a long incoming SMS are on the heap only',
    symptom: /incoming SMS \d+/,
    seed: 1,
    around: {
      storage: (storage) => without(storage, ({ table, value }) => table === 'part' && value !== undefined),
    },
  },
  {
    name: 'ESME_RSUBMITFAIL is taken for a verdict',
    symptom: /rejected for no good reason/,
    seed: 1,
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
    seed: 1,
    plant: () => instead(Answers.prototype, 'unknown', () => () => undefined),
  },
  {
    name: 'a resubmission is not flagged',
    symptom: /is not flagged/,
    seed: 1,
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
    seed: 1,
    plant: () => otherEntry((entry) => ({ ...entry, onUncertain: 'resend' })),
  },
  {
    name: 'the tail of a long SMS goes alone over the next session',
    symptom: /came before segment/,
    seed: 1,
    plant: tailAlone,
  },
  {
    name: 'an SMS never expires',
    symptom: /after its time/,
    seed: 1,
    plant: () => otherEntry((entry) => ({ ...entry, expiresAt: entry.expiresAt + 86_400_000 })),
  },
  {
    name: 'sendAt is ignored',
    symptom: /before its instant/,
    seed: 1,
    plant: () => otherEntry(({ sendAt: _sendAt, ...entry }) => entry),
  },
  {
    name: 'an alarm waits in line',
    symptom: /is an alarm, and SMS [\d,]+ went first/,
    seed: 1,
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
    seed: 36,
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
    seed: 1,
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
    seed: 1,
    plant: answersInOrder,
  },
  {
    name: 'an unanswered enquire_link is no matter',
    symptom: /dead link/,
    seed: 1,
    plant: () =>
      instead(
        KeepAlive.prototype,
        'enquired',
        () =>
          function (this: KeepAlive, now) {
            this.heard(now);
          },
      ),
  },
  {
    name: 'a busy event loop is taken for a dead link',
    symptom: /was given up at \d+, although it lived/,
    seed: 1,
    plant: graceless,
  },
  {
    name: 'the other host is never tried',
    symptom: /not bound/,
    seed: 1,
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
    seed: 1,
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
    seed: 1,
    plant: () => instead(Failover.prototype, 'ended', () => () => undefined),
  },
  {
    name: 'wrong credentials are tried on and on',
    symptom: /bad credentials/,
    seed: 1,
    plant: () => instead(LoginHold.prototype, 'waitMs', () => () => 0),
  },
  {
    name: 'any refused bind counts as wrong credentials',
    symptom: /not bound/,
    seed: 1,
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
    symptom: /was answered and is lost/,
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
    symptom: /emitted twice/,
    seed: 1,
    plant: () => instead(RedeliveryGuard.prototype, 'earlier', () => () => undefined),
  },
  {
    name: 'a long incoming SMS with a part missing is dropped',
    symptom: /incoming SMS \d+ was answered and is lost/,
    seed: 1,
    plant: () =>
      instead(
        Reassembler.prototype,
        'expire',
        (expire) =>
          function (this: Reassembler, now) {
            return { ...expire.call(this, now), messages: [] };
          },
      ),
  },
  {
    name: 'a receipt that overtakes its answer is not waited with',
    symptom: /was given up after/,
    seed: 1,
    plant: () => instead(HeldReceipts.prototype, 'add', () => (stored) => stored),
  },
  {
    name: 'an unmatched receipt is dropped',
    symptom: /was answered and is lost/,
    seed: 1,
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
    seed: 1,
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
    symptom: /dead link/,
    seed: 1,
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
];

type Write = (changes: readonly Change[]) => Promise<void>;

/** The storage, with another `write`. */
function writing(
  storage: Storage,
  write: (original: Write, changes: readonly Change[]) => Promise<void> | void,
): Storage {
  return {
    open: () => storage.open(),
    write: async (changes) => {
      const original: Write = (kept) => {
        const writing = storage.write(kept);
        // A bug that does not wait for the disk hears of no failure either; the run must not end of it.
        writing.catch(() => undefined);
        return writing;
      };
      await write(original, changes);
    },
    read: (table: Table, key: string) => storage.read(table, key),
    scan: (table: Table) => storage.scan(table),
    count: (table: Table) => storage.count(table),
    close: () => storage.close(),
  };
}

/** The storage, deaf to some changes. */
function without(storage: Storage, isForgotten: (change: Change) => boolean): Storage {
  return writing(storage, (write, changes) => write(changes.filter((change) => !isForgotten(change))));
}

function finalToo(meant: number): Undo {
  return instead(
    Answers.prototype,
    'isFinal',
    (isFinal) =>
      function (this: Answers, status) {
        return status === meant || isFinal.call(this, status);
      },
  );
}

type Entry = Parameters<Queue['add']>[0]['entry'];

/** Every SMS enters the queue otherwise than it was asked for. */
function otherEntry(change: (entry: Entry) => Entry): Undo {
  return instead(
    Queue.prototype,
    'add',
    (add) =>
      function (this: Queue, body, ...rest) {
        return add.call(this, { ...body, entry: change(body.entry) }, ...rest);
      },
  );
}

function answersInOrder(): Undo {
  const order = new WeakMap<Window<unknown>, number[]>();
  const undoSubmitted = instead(
    Window.prototype,
    'submitted',
    (submitted) =>
      function (this: Window<unknown>, number: number, request: InFlight<unknown>) {
        order.set(this, [...(order.get(this) ?? []), number]);
        submitted.call(this, number, request);
      },
  );
  const undoAnswered = instead(
    Window.prototype,
    'answered',
    (answered) =>
      function (this: Window<unknown>, number: number) {
        return answered.call(this, order.get(this)?.shift() ?? number);
      },
  );
  return () => {
    undoSubmitted();
    undoAnswered();
  };
}

/** What the gateway has accepted of a long SMS is not sent again, whatever became of its session. */
function tailAlone(): Undo {
  const accepted = new WeakMap<object, Map<number, string>>();
  const undoAnswer = instead(
    Submission.prototype,
    'answer',
    (original) =>
      function (this: Submission, index, answer, isFinal) {
        const ids = accepted.get(this.item) ?? new Map<number, string>();
        if (answer.kind === 'answered' && answer.status === 0)
          accepted.set(this.item, ids.set(index, answer.messageId));
        return original.call(this, index, answer, isFinal);
      },
  );
  const undoNext = instead(
    Submission.prototype,
    'next',
    (next) =>
      function (this: Submission) {
        for (;;) {
          const index = next.call(this);
          const messageId = accepted.get(this.item)?.get(index);
          if (messageId === undefined || !this.hasMore) return index;
          this.answer(index, { kind: 'answered', status: 0, messageId }, () => false);
        }
      },
  );
  return () => {
    undoAnswer();
    undoNext();
  };
}

/** No turns of the event loop between a deadline and what follows from it. */
function graceless(): Undo {
  const before = globalThis.setImmediate;
  globalThis.setImmediate = ((run: () => void) => run()) as unknown as typeof setImmediate;
  return () => {
    globalThis.setImmediate = before;
  };
}
