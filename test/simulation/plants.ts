/** How bugs are planted that take more than one method, or the storage. */
import { Answers } from '../../lib/outbox/answers.js';
import { Queue } from '../../lib/outbox/queue.js';
import { ReadBack } from '../../lib/outbox/read-back.js';
import { Submission } from '../../lib/outbox/submission.js';
import { PackedSms } from '../../lib/receipt/packed-sms.js';
import { Window, type InFlight } from '../../lib/session/window.js';
import type { Change, Storage, Table } from '../../lib/storage/storage.js';
import { instead, type Undo } from './replace.js';

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
