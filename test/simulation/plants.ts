/** How bugs are planted that take more than one method, or the storage. */
import { Reassembler, type Reassembly } from '../../lib/inbox/reassembler.js';
import { SmppError } from '../../lib/errors.js';
import { Listeners } from '../../lib/listeners.js';
import type { SubmitResult } from '../../lib/message.js';
import { Answers } from '../../lib/outbox/answers.js';
import { Outbox } from '../../lib/outbox/outbox.js';
import type { Intake, Whole } from '../../lib/outbox/intake.js';
import { Queue } from '../../lib/outbox/queue.js';
import { ReadBack } from '../../lib/outbox/read-back.js';
import { Submission } from '../../lib/outbox/submission.js';
import { OverdueReports } from '../../lib/receipt/overdue-reports.js';
import { PackedSms } from '../../lib/receipt/packed-sms.js';
import { TrackedRecords } from '../../lib/receipt/tracked-records.js';
import { Window, type InFlight } from '../../lib/session/window.js';
import { Steps } from '../../lib/steps.js';
import { Mailbox } from '../../lib/storage/mailbox.js';
import type { Change, Storage, Table } from '../../lib/storage/storage.js';
import type { Fault } from './faults.js';
import type { Plan } from './plan.js';
import { type ListenerPlan, neverAnswering } from './plan-flow.js';
import type { IncomingPlan } from './plan-incoming.js';
import type { SmsPlan } from './plan-sms.js';
import { ESME_RSYSERR } from './poison.js';
import { before, instead, type Undo } from './replace.js';

type Write = (changes: readonly Change[]) => Promise<void>;

/** The storage, with another `write`. */
export function writing(
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
    keys: (table: Table) => storage.keys(table),
    count: (table: Table) => storage.count(table),
    close: () => storage.close(),
  };
}

/** The storage, deaf to some changes. */
export function without(storage: Storage, isForgotten: (change: Change) => boolean): Storage {
  return writing(storage, (write, changes) => write(changes.filter((change) => !isForgotten(change))));
}

/** Instead of `takeWhole`: each in a write of its own. */
export function oneByOne(this: Intake): Whole {
  const list: Parameters<Whole['take']>[] = [];
  return {
    take: (...given) => void list.push(given),
    safe: async () => {
      for (const given of list) await this.takeSafely(...given);
    },
  };
}

export function finalToo(meant: number): Undo {
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
export function otherEntry(change: (entry: Entry) => Entry): Undo {
  return instead(
    Queue.prototype,
    'add',
    (add) =>
      function (this: Queue, body, ...rest) {
        return add.call(this, { ...body, entry: change(body.entry) }, ...rest);
      },
  );
}

export function answersInOrder(): Undo {
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
export function tailAlone(): Undo {
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

/** One after the other, whatever becomes of the first. */
export function serialReads(): Undo {
  const lines = new WeakMap<ReadBack, (() => void)[]>();
  return instead(
    ReadBack.prototype,
    'read',
    (read) =>
      function (this: ReadBack, item, purpose, done) {
        const line = lines.get(this) ?? [];
        lines.set(this, line);
        line.push(() => {
          read.call(this, item, purpose, (result) => {
            done(result);
            line.shift();
            line[0]?.();
          });
        });
        if (line.length === 1) line[0]?.();
      },
  );
}

/** What is known of an SMS with a large correlation is looked for among the octets of another. */
export function misplaced(): Undo {
  return instead(
    PackedSms.prototype,
    'add',
    (add) =>
      function (this: PackedSms, sms, correlation) {
        const place = add.call(this, sms, correlation);
        return JSON.stringify(correlation ?? '').length > 1_000 ? place + 1 : place;
      },
  );
}

/** No turns of the event loop between a deadline and what follows from it. */
export function graceless(): Undo {
  const before = globalThis.setImmediate;
  globalThis.setImmediate = ((run: () => void) => run()) as unknown as typeof setImmediate;
  return () => {
    globalThis.setImmediate = before;
  };
}

type Records = Parameters<TrackedRecords['replace']>[1];

/** What is known of an SMS whose receipts come is read otherwise than it was written. */
export function otherRecord(change: (record: Records) => Records): Undo {
  const changed = (record: Records | undefined): Records | undefined => record && change(record);
  const undos = [
    instead(
      TrackedRecords.prototype,
      'peek',
      (peek) =>
        function (this: TrackedRecords, sms) {
          return changed(peek.call(this, sms));
        },
    ),
    instead(
      TrackedRecords.prototype,
      'read',
      (read) =>
        async function (this: TrackedRecords, sms) {
          return changed(await read.call(this, sms));
        },
    ),
  ];
  return () => {
    for (const undo of undos) undo();
  };
}

/** Whatever they make of it, they have been told. */
export function toldOnce(): Undo {
  return instead(
    OverdueReports.prototype,
    'subscribe',
    (subscribe) =>
      function (this: OverdueReports, afterMs, listener) {
        return subscribe.call(this, afterMs, async (receipt) => {
          try {
            await listener(receipt);
          } catch {
            // It was told.
          }
        });
      },
  );
}

/** From the stop on, no promise of a listener counts. */
export function againAfterStop(): Undo {
  let isClosing = false;
  const undos = [
    before(Mailbox.prototype, 'close', () => (isClosing = true)),
    before(Mailbox.prototype, 'open', () => (isClosing = false)),
    instead(
      Listeners.prototype,
      'give',
      (give) =>
        function (this: Listeners<unknown>, key, event) {
          const answer = give.call(this, key, event);
          if (typeof answer === 'string') return answer;
          return answer.then(() => {
            if (isClosing) throw new Error('it is too late');
          });
        },
    ),
  ];
  return () => {
    for (const undo of undos) undo();
  };
}

/** Nobody asks for results, until all of them should have been forgotten. */
export function nobodyThere(plan: Plan): Plan {
  const listeners = plan.listeners.filter(({ kinds }) => !kinds.includes('settled'));
  return { ...plan, letGo: ['settled'], listeners };
}

/** Somebody seems to be there, and never takes anything. */
export function keptForGood(): Undo {
  return before(Mailbox.prototype, 'open', (mailbox) => {
    mailbox.subscribe(() => {
      throw new Error('not now');
    });
  });
}

/** Long SMS and alarms, slowly. */
export function alarmsAmongLong(plan: Plan): Plan {
  const sms = plan.sms.map((each, index): SmsPlan => {
    const isAlarm = index % 3 === 0;
    const { dedupeKey: _dedupeKey, ...given } = each.sms;
    const text = '<0>'.repeat(isAlarm ? 1 : 300);
    const to = `45${20_000_000 + index}`;
    const other = { ...given, to, text, priority: isAlarm ? 'alarm' : 'normal' } as const;
    return { ...each, sms: other, sendAfterMs: undefined, wants: 'id', poison: undefined };
  });
  return { ...plan, sms, faults: [], options: { ...plan.options, window: 1, segmentsPerSecond: 2 } };
}

/** The second segment of each long SMS is refused as often as it comes, and alarms keep it from going on in time. */
export function refusedInside(plan: Plan): Plan {
  const crowd = alarmsAmongLong(plan);
  const sms = crowd.sms.map((each): SmsPlan => {
    if (each.sms.priority === 'alarm') return { ...each, times: 12 };
    const poison = { answer: ESME_RSYSERR, segment: 2, isTaken: false };
    return { ...each, poison, sms: { ...each.sms, expiresAfterMs: 7_000 } };
  });
  return { ...crowd, sms };
}

/** Every SMS is for later, and cancelled before. */
export function cancelled(plan: Plan): Plan {
  const sms = plan.sms.map((each): SmsPlan => {
    const { dedupeKey: _dedupeKey, ...given } = each.sms;
    return { ...each, sms: given, sendAfterMs: 100_000, wants: 'id', cancelAfterMs: 10 };
  });
  return { ...plan, sms, faults: [], bounds: { ...plan.bounds, queueGaps: 1 } };
}

/** Whoever listens leaves at the first event, and others come once all is well. */
export function awayForAWhile(plan: Plan): Plan {
  const listeners = plan.listeners.flatMap((each): ListenerPlan[] => [
    { ...each, from: 0, until: plan.healedAt, backAfterFirstMs: 60_000 },
    { ...each, from: plan.healedAt, until: Infinity, backAfterFirstMs: undefined, throws: 0, rejects: 0 },
  ]);
  return { ...plan, listeners };
}

/** Listeners take their time, and stops come often. */
export function stopsAmongReceipts(plan: Plan): Plan {
  const listeners = plan.listeners.map((each) => ({
    ...each,
    throws: 0,
    rejects: 0,
    waits: 1,
    waitMaxMs: 700,
  }));
  const faults = Array.from({ length: 12 }, (_, index): Fault => {
    return { at: ((index + 1) * plan.healedAt) / 14, kind: 'redeploy', downMs: 500 };
  });
  return { ...plan, listeners, faults };
}

/** All SMS are to one phone, and the gateway has but nine ids. */
export function oneIdForSeveral(plan: Plan): Plan {
  const sms = plan.sms.map((each): SmsPlan => ({ ...each, sms: { ...each.sms, to: '4520000001' } }));
  return { ...plan, sms, receipts: { ...plan.receipts, ids: 'again', idsBeforeAgain: 9, contradicting: 0 } };
}

/** Words of one phone, which an SMS of ours went to before, again and again. */
export function wordsInARow(plan: Plan): Plan {
  const [first] = plan.sms;
  const phone = first?.sms.to ?? '4510001000';
  const sms = plan.sms.map((each): SmsPlan => {
    const given = { ...each.sms, to: phone, text: '<0>', receipt: 'always' } as const;
    return { ...each, sms: given, correlation: { characters: 2_000, isWide: false }, poison: undefined };
  });
  const incoming = Array.from({ length: 40 }, (_, index): IncomingPlan => {
    const at = plan.healedAt * (0.5 + Math.floor(index / 4) / 40);
    return {
      at,
      phone,
      parts: 1,
      carrier: 'udh8',
      mix: 'plain',
      missing: undefined,
      isShuffled: false,
      phrase: undefined,
    };
  });
  return { ...plan, sms, incoming, isInMemory: false };
}

/** Long SMS of phones, all parts at once, and a slow disk that fails now and then. */
export function partsOnBadDisk(plan: Plan): Plan {
  const incoming = Array.from({ length: 60 }, (_, index): IncomingPlan => {
    return {
      at: 5_000 + index * 1_500,
      phone: `45${30_000_000 + index}`,
      parts: 3,
      carrier: 'udh8',
      mix: 'plain',
      missing: undefined,
      isShuffled: false,
      phrase: undefined,
    };
  });
  const faults = Array.from({ length: 30 }, (_, index): Fault => {
    return { at: 5_000 + index * 3_100, kind: 'diskError', ms: 150 };
  });
  return { ...plan, incoming, faults, isInMemory: false, syncMaxMs: 400 };
}

/** Nothing waits for what was begun before for its phone; every other one takes longer. */
export function outOfLine(): Undo {
  let turn = 0;
  return instead(
    Steps.prototype,
    'run',
    (run) =>
      function (this: Steps<unknown>, key, step) {
        if (typeof key !== 'string') return run.call(this, key, step);
        turn += 1;
        const late = async (): Promise<void> => {
          for (let count = 0; count < 50; count += 1) await Promise.resolve();
          await step();
        };
        return turn % 2 === 0 ? late() : step();
      },
  );
}

type Parts = Reassembly['messages'][number]['parts'];

/** Of long SMS that are handed on. */
export function otherParts(change: (parts: Parts) => Parts): Undo {
  return instead(
    Reassembler.prototype,
    'add',
    (add) =>
      function (this: Reassembler, ...given) {
        const reassembly = add.apply(this, given);
        const messages = reassembly.messages.map((message) => ({ ...message, parts: change(message.parts) }));
        return { ...reassembly, messages };
      },
  );
}

/** Whatever a mailbox is given it keeps. */
export function heldAsWell(): Undo {
  const held = new WeakMap<object, unknown[]>();
  return before(Mailbox.prototype, 'deliver', (mailbox, [, event]) => {
    held.set(mailbox, [...(held.get(mailbox) ?? []), event]);
  });
}

/** Two who listen to each kind, always. */
export function twoOfEach(plan: Plan): Plan {
  const steady = plan.listeners.map((each): ListenerPlan => {
    return { ...each, from: 0, until: Infinity, backAfterFirstMs: undefined };
  });
  return { ...plan, letGo: undefined, listeners: [...steady, ...steady] };
}

/** All who listen to results are given one and the same. */
export function sharedResults(): Undo {
  const shared = new Map<string, SubmitResult>();
  return instead(
    Outbox.prototype,
    'onSettled',
    (onSettled) =>
      function (this: Outbox, listener) {
        return onSettled.call(this, (result) => {
          const first = shared.get(result.id) ?? result;
          shared.set(result.id, first);
          return listener(first);
        });
      },
  );
}

/** Beside those who listen to each kind is one that never answers. */
export function oneHangs(plan: Plan): Plan {
  return {
    ...plan,
    letGo: undefined,
    listeners: neverAnswering().flatMap((each) => [each, { ...each, waits: 0 }]),
    bounds: { ...plan.bounds, unconfirmed: 1, heldEvents: 100_000 },
  };
}

/** As long as one takes an event nobody is given another. */
export function heldUpByOne(): Undo {
  const open = new WeakMap<object, number>();
  const undos = [
    instead(
      Listeners.prototype,
      'add',
      (add) =>
        function (this: Listeners<unknown>, listener) {
          const count = (by: number): unknown => open.set(this, (open.get(this) ?? 0) + by);
          return add.call(this, (event) => {
            const answer = listener(event);
            if (answer === undefined) return undefined;
            count(1);
            return answer.finally(() => count(-1));
          });
        },
    ),
    instead(
      Listeners.prototype,
      'give',
      (give) =>
        function (this: Listeners<unknown>, key, event) {
          if ((open.get(this) ?? 0) === 0) return give.call(this, key, event);
          return Promise.reject(new SmppError('SMPP_STOPPED', 'somebody else is at another'));
        },
    ),
  ];
  return () => {
    for (const undo of undos) undo();
  };
}
