/**
 * Which bounds a run reached, seen from outside: the methods that meet them are listened to, once for all runs.
 *
 * A bound without an entry here is never reached, which fails the run of all seeds: whoever adds a bound says how it is
 * seen to be reached.
 */
import type { Bounds } from '../../lib/bounds.js';
import { Listeners } from '../../lib/listeners.js';
import { PART_OVERHEAD, Reassembler } from '../../lib/inbox/reassembler.js';
import { RedeliveryGuard } from '../../lib/inbox/redelivery-guard.js';
import { Dedupe } from '../../lib/outbox/dedupe.js';
import { Queue } from '../../lib/outbox/queue.js';
import { QueueItems } from '../../lib/outbox/queue-items.js';
import { ReadBack } from '../../lib/outbox/read-back.js';
import { SegmentIds } from '../../lib/outbox/segment-ids.js';
import { References } from '../../lib/outbox/references.js';
import { UnknownOutcomes } from '../../lib/outbox/unknown-outcomes.js';
import { HeldReceipts } from '../../lib/receipt/held-receipts.js';
import { KeyChains } from '../../lib/receipt/key-chains.js';
import { Outcomes } from '../../lib/receipt/outcomes.js';
import { PackedSms } from '../../lib/receipt/packed-sms.js';
import { RecentCorrelations } from '../../lib/receipt/recent-correlations.js';
import { TrackedColumns } from '../../lib/receipt/tracked-columns.js';
import { TrackedIndex } from '../../lib/receipt/tracked-index.js';
import { Window } from '../../lib/session/window.js';
import { UnknownReceipts } from '../../lib/receipt/unknown-receipts.js';
import { Log } from '../../lib/storage/journal/log.js';
import { PieceReader } from '../../lib/storage/journal/piece-reader.js';
import { Lines } from '../../lib/storage/journal/record.js';
import { RecordIndex } from '../../lib/storage/journal/record-index.js';
import { Reserve } from '../../lib/storage/journal/reserve.js';
import { Segment } from '../../lib/storage/journal/segment.js';
import { Mailbox } from '../../lib/storage/mailbox.js';
import { after, before, instead, insteadOfGetter } from './replace.js';

/** Of the run that is under way. */
export interface Watched {
  readonly bounds: Bounds;
  readonly reached: Set<keyof Bounds>;
}

let watched: Watched | undefined;
let isListening = false;

/** From now on it is this run whose bounds are noted. */
export function watchBounds(run: Watched): void {
  watched = run;
  if (isListening) return;
  isListening = true;
  for (const listen of LISTEN) listen();
}

/** Something with this bound has got so far, in its unit. */
export function met(bound: keyof Bounds, amount: number): void {
  if (watched !== undefined && amount >= watched.bounds[bound]) watched.reached.add(bound);
}

function reach(bound: keyof Bounds): void {
  met(bound, Infinity);
}

/** How many different keys each has had. */
class Keys<Key> {
  readonly #of = new WeakMap<object, Set<Key>>();

  add(owner: object, key: Key): number {
    const keys = this.#of.get(owner) ?? new Set();
    this.#of.set(owner, keys.add(key));
    return keys.size;
  }

  delete(owner: object, key: Key): void {
    this.#of.get(owner)?.delete(key);
  }
}

/** One number for each, which is kept by who it belongs to. */
class Numbers {
  readonly #of = new WeakMap<object, number>();

  get(owner: object): number {
    return this.#of.get(owner) ?? 0;
  }

  set(owner: object, value: number): void {
    this.#of.set(owner, value);
  }
}

const LISTEN: readonly (() => void)[] = [
  () => {
    insteadOfGetter(Queue.prototype, 'hasRoomForBody', (has) => {
      if (!has) reach('bodies');
      return has;
    });
    insteadOfGetter(ReadBack.prototype, 'hasRoom', (has) => {
      if (!has) reach('bodiesAhead');
      return has;
    });
    insteadOfGetter(ReadBack.prototype, 'isBusy', (is) => {
      if (is) reach('readsAtOnce');
      return is;
    });
    insteadOfGetter(ReadBack.prototype, 'isHanging', (is) => {
      if (is) reach('hangingReads');
      return is;
    });
    after(Queue.prototype, 'take', (queue) => met('segmentsAhead', queue.ahead));
  },
  () => {
    const places = new Numbers();
    after(QueueItems.prototype, 'add', (items, [item]) => {
      if (item.place < places.get(items)) reach('queueGaps');
      places.set(items, item.place);
    });
  },
  () => {
    // It gives the oldest up in the same write.
    after(Dedupe.prototype, 'claim', (_dedupe, _given, changes) => {
      if (changes.length > 1) reach('dedupeKeys');
    });
    const phones = new Keys<string>();
    after(References.prototype, 'next', (references, [to]) =>
      met('referencePhones', phones.add(references, to)),
    );
    const outcomes = new Numbers();
    after(UnknownOutcomes.prototype, 'add', (unknown) => {
      met('unknownOutcomes', outcomes.get(unknown));
      outcomes.set(unknown, outcomes.get(unknown) + 1);
    });
    const unknownIds = new Keys<string>();
    after(UnknownReceipts.prototype, 'note', (unknown, [messageId]) =>
      met('unknownReceipts', unknownIds.add(unknown, messageId) - 1),
    );
  },
  () => {
    before(Mailbox.prototype, 'hasRoomFor', (_mailbox, [events, characters]) => {
      met('eventsReadBack', events);
      met('charactersReadBack', characters);
    });
    after(HeldReceipts.prototype, 'add', (_held, _given, gaveWay) => {
      if (gaveWay !== undefined) reach('heldReceipts');
    });
    before(TrackedIndex.prototype, 'giveWay', ({ end, oldest }) => met('trackedSms', end - oldest - 1));
    const oldest = new Numbers();
    before(TrackedIndex.prototype, 'giveWay', (index) => oldest.set(index, index.oldest));
    after(TrackedIndex.prototype, 'giveWay', (index) => {
      const wasFew = index.end - oldest.get(index) <= (watched?.bounds.trackedSms ?? 0);
      if (wasFew && index.oldest > oldest.get(index)) reach('trackedOctets');
    });
    const copyIds = new Numbers();
    const addIds = (owner: object, count: number): void => {
      copyIds.set(owner, copyIds.get(owner) + count);
      met('copyIds', copyIds.get(owner) - 1);
    };
    after(TrackedIndex.prototype, 'addCopy', (index, [, messageIds]) => addIds(index, messageIds.length));
    after(TrackedIndex.prototype, 'add', (index, [{ halves = [] }]) => addIds(index, halves.length));
    const segmentIds = new Numbers();
    after(SegmentIds.prototype, 'add', (ids, [, messageIds]) => {
      segmentIds.set(ids, segmentIds.get(ids) + messageIds.length);
      met('copyIds', segmentIds.get(ids) - 1);
    });
    const failed = new Keys<number>();
    after(TrackedIndex.prototype, 'update', (index, [sms, { failure }]) => {
      if (failure === undefined) failed.delete(index, sms);
      else met('failedSegments', failed.add(index, sms) - 1);
    });
    const overdue = new Numbers();
    after(Window.prototype, 'takeOverdue', (window, _given, requests) => {
      overdue.set(window, overdue.get(window) + requests.length);
      met('lateAnswers', overdue.get(window) - 1);
    });
    after(TrackedIndex.prototype, 'removeOld', () => reach('sweepEvery'));
  },
  () => {
    const block = new Numbers();
    after(PackedSms.prototype, 'add', (packed, _given, place) => {
      const now = Math.floor(place / (watched?.bounds.trackedBlockOctets ?? 1));
      if (now > block.get(packed)) reach('trackedBlockOctets');
      block.set(packed, now);
    });
    after(TrackedColumns.prototype, 'add', (columns) => met('trackedRoom', columns.size - 1));
    after(Outcomes.prototype, 'take', (_outcomes, _given, code) => {
      if (code === undefined) reach('sharedOutcomes');
    });
    const recent = new Numbers();
    after(RecentCorrelations.prototype, 'add', (kept, [sms]) => {
      met('recentCorrelations', recent.get(kept));
      recent.set(kept, recent.get(kept) + 1);
      if (kept.get(sms) === undefined) reach('recentCorrelationCharacters');
    });
    const unlinked = new Numbers();
    after(KeyChains.prototype, 'add', (chains) => {
      unlinked.set(chains, unlinked.get(chains) + 1);
      met('unlinkedKeys', unlinked.get(chains));
    });
    after(KeyChains.prototype, 'find', (chains) => unlinked.set(chains, 0));
  },
  () => {
    after(Reassembler.prototype, 'add', (reassembler, [{ body }], { messages }) => {
      for (const { parts, total } of messages) {
        const octets = parts.reduce((sum, part) => sum + part.body.length + PART_OVERHEAD, 0);
        if (parts.length < total) met('messageOctets', octets + body.length + PART_OVERHEAD);
      }
      if (!messages.some(({ parts, total }) => parts.length < total)) return;
      met('openMessages', reassembler.size);
      if (reassembler.size < (watched?.bounds.openMessages ?? 0)) reach('openPartsOctets');
    });
    before(RedeliveryGuard.prototype, 'note', ({ size }) => met('seenDeliveries', size));
    before(Listeners.prototype, 'hasRoomFor', (_listeners, [events, characters]) => {
      met('unconfirmed', events);
      met('unconfirmedCharacters', characters);
    });
  },
  () => {
    instead(
      Lines.prototype,
      'add',
      (add) =>
        function (this: Lines, pieces) {
          const taken = pieces.filter(({ table, values }) => table === 'outbox' && values !== undefined);
          met(
            'smsInOneWrite',
            taken.reduce((sum, { keys }) => sum + keys.length, 0),
          );
          if (taken.length > 0 && watched?.reached.has('charactersInOneWrite') === false)
            met('charactersInOneWrite', JSON.stringify(taken.map(({ values }) => values)).length);
          pieces.forEach(({ table, keys }, index) => {
            if (pieces.slice(index + 1).some((next) => next.table === table))
              met('recordsInPiece', keys.length);
          });
          try {
            return add.call(this, pieces);
          } catch (error) {
            if (error instanceof RangeError) reach('lineOctets');
            throw error;
          } finally {
            met('lineBufferOctets', this.length - 1);
          }
        },
    );
    before(Lines.prototype, 'clear', (lines) => met('keptBufferOctets', lines.length - 1));
  },
  () => {
    after(Log.prototype, 'append', (_log, _given, appending) => {
      void appending.then(
        ({ segment }) => met('fileOctets', segment.length - 1),
        () => undefined,
      );
    });
    after(Segment.prototype, 'read', (segment, [, octets]) => {
      if (octets === watched?.bounds.readAheadMaxOctets) reach('readAheadMaxOctets');
      if (octets === watched?.bounds.readOctets) met('readOctets', segment.length - 1);
    });
    before(PieceReader.prototype, 'octets', (_reader, [{ length }]) => met('readAheadMinOctets', length - 1));
    before(Segment.prototype, 'extend', (_segment, [octets]) => met('copyOctets', octets.length));
    let moved = 0;
    before(Log.prototype, 'insert', () => (moved = 0));
    before(RecordIndex.prototype, 'move', () => met('recordsInTurn', (moved += 1)));
    let octetsInFiles = 0;
    insteadOfGetter(Log.prototype, 'octets', (octets) => (octetsInFiles = octets));
    insteadOfGetter(RecordIndex.prototype, 'liveOctets', (live) => {
      met('deadOctets', octetsInFiles - 2 * live - 1);
      octetsInFiles = 0;
      return live;
    });
    before(Log.prototype, 'seal', (log) => met('files', log.segments.length - 1));
    before(Reserve.prototype, 'release', () => reach('reserveOctets'));
  },
];
