/** As `planted-bugs.ts`, of what comes from the gateway and of who is told. */
import { SmppError } from '../../lib/errors.js';
import { Listeners } from '../../lib/listeners.js';
import { Intake } from '../../lib/outbox/intake.js';
import { Inbox } from '../../lib/inbox/inbox.js';
import { Reassembler } from '../../lib/inbox/reassembler.js';
import { DamagedFrame } from '../../lib/pdu/damaged-frame.js';
import { OverdueReports } from '../../lib/receipt/overdue-reports.js';
import { TrackedIndex } from '../../lib/receipt/tracked-index.js';
import { TrackedRecords } from '../../lib/receipt/tracked-records.js';
import { KeepAlive } from '../../lib/session/keep-alive.js';
import { Mailbox } from '../../lib/storage/mailbox.js';
import {
  againAfterStop,
  awayForAWhile,
  heldAsWell,
  heldUpByOne,
  keptForGood,
  nobodyThere,
  oneHangs,
  oneByOne,
  oneIdForSeveral,
  otherParts,
  otherRecord,
  partsOnBadDisk,
  outOfLine,
  sharedResults,
  stopsAmongReceipts,
  toldOnce,
  twoOfEach,
  without,
  wordsInARow,
} from './plants.js';
import { before, instead, type Undo } from './replace.js';
import type { Around } from './world.js';

const MARK = Buffer.from([0xfe, 0xff]);

export interface PlantedBug {
  readonly name: string;
  /** What the simulation says of it. */
  readonly symptom: RegExp;
  /** A seed that is known to show it, so that the search is short. */
  readonly seed: number;
  readonly plant?: () => Undo;
  readonly around?: Around;
}

export const BUGS_OF_DELIVERIES: readonly PlantedBug[] = [
  {
    name: 'a list is taken in SMS by SMS',
    symptom: /of the list of SMS/,
    seed: 17,
    plant: () => instead(Intake.prototype, 'takeWhole', () => oneByOne),
  },
  {
    name: 'a phone that says the same after a reconnect is not heard',
    symptom: /was answered \d+ times and came out/,
    seed: 1,
    plant: () => instead(Inbox.prototype, 'answersRead', () => () => undefined),
  },
  {
    name: 'nobody asks whether an answer was read',
    symptom: /nothing followed an answer to a deliver_sm/,
    seed: 1,
    plant: () => instead(KeepAlive.prototype, 'responded', () => () => undefined),
  },
  {
    name: 'an SMS of a phone does not wait for what one before it answers',
    symptom: /came before \d+, and out after it/,
    seed: 1,
    around: { plan: wordsInARow },
    plant: outOfLine,
  },
  {
    name: 'of a deliver_sm with an odd octet the text is lost',
    symptom: /an SMS that nobody sent|answered and is lost|came out/,
    seed: 4,
    plant: () => instead(DamagedFrame.prototype, 'shortMessage', () => () => Buffer.alloc(0)),
  },
  {
    name: 'a receipt in ASCII is read as its data_coding says',
    symptom: /answered and is lost|a text that nobody sent/,
    seed: 20,
    plant: () =>
      instead(
        Inbox.prototype,
        'accept',
        (accept) =>
          function (this: Inbox, delivery, ...rest) {
            const isMeant = delivery.kind === 'receipt' && delivery.dataCoding === 8;
            accept.call(this, isMeant ? { ...delivery, octets: Buffer.from('?') } : delivery, ...rest);
          },
      ),
  },
  {
    name: 'a binary part behind text vanishes',
    symptom: /incoming SMS \d+ (?:came out as|is said to be)/,
    seed: 2,
    plant: () => otherParts((parts) => parts.filter(({ delivery }) => delivery.dataCoding !== 4)),
  },
  {
    name: 'parts of two classes are decoded apart',
    symptom: /incoming SMS \d+ came out as/,
    seed: 4,
    plant: () =>
      otherParts((parts) =>
        parts.map((part) =>
          part.body.at(-1) === 0x1b ? { ...part, body: part.body.subarray(0, -1) } : part,
        ),
      ),
  },
  {
    name: 'a byte order mark in a later part stays',
    symptom: /incoming SMS \d+ came out as/,
    seed: 1,
    plant: () =>
      otherParts((parts) =>
        parts.map((part) =>
          part.body[0] === 0xfe ? { ...part, body: Buffer.concat([MARK, part.body]) } : part,
        ),
      ),
  },
  {
    name: 'what waits on disk is held in memory too',
    symptom: /objects are left \(event\)/,
    seed: 2,
    around: { plan: (plan) => ({ ...nobodyThere(plan), countsLeftovers: true, isInMemory: false }) },
    plant: heldAsWell,
  },
  {
    name: 'listeners share an event',
    symptom: /a result of no SMS|two different results/,
    seed: 1,
    around: { plan: twoOfEach },
    plant: sharedResults,
  },
  {
    name: 'a long SMS of which only failures are told waits for all of its segments',
    symptom: /has all its receipts, and no verdict/,
    seed: 1,
    plant: () =>
      otherRecord((record) => (record.messageIds.length > 1 ? { ...record, receipt: 'always' } : record)),
  },
  {
    name: 'a segment without an id is waited for',
    symptom: /has all its receipts, and no verdict/,
    seed: 110,
    plant: () =>
      otherRecord((record) => ({
        ...record,
        messageIds: record.messageIds.map((messageId) => (messageId === '' ? 'none' : messageId)),
      })),
  },
  {
    name: 'what comes while a listener is away is forgotten',
    symptom: /lost|never answered|came out/,
    seed: 1,
    around: { plan: awayForAWhile },
    plant: () =>
      instead(
        Mailbox.prototype,
        'deliver',
        (deliver) =>
          function (this: Mailbox<unknown>, key, event) {
            deliver.call(this, key, event, true);
          },
      ),
  },
  {
    name: 'the verdict on a long SMS has not the words of its worst segment',
    symptom: /a receipt says/,
    seed: 1,
    plant: () =>
      otherRecord(({ failure, ...record }) =>
        failure === undefined ? record : { ...record, failure: { ...failure, messageId: 'ble-other' } },
      ),
  },
  {
    name: 'whoever has the id of a receipt gets it, whatever its phone',
    symptom: /is tied to the wrong SMS/,
    seed: 13,
    plant: () =>
      instead(
        TrackedIndex.prototype,
        'find',
        (find) =>
          function (this: TrackedIndex, received) {
            return find.call(this, { ...received, phone: '' });
          },
      ),
  },
  {
    name: 'of several SMS with one id to one phone, one has all the receipts',
    symptom: /was answered and is lost|has all its receipts, and no verdict/,
    seed: 1,
    around: { plan: oneIdForSeveral },
    plant: () =>
      instead(
        TrackedIndex.prototype,
        'find',
        (find) =>
          function (this: TrackedIndex, received) {
            const found = find.call(this, received);
            if (found === undefined) return undefined;
            const { to } = this.recordOf(found);
            const isAnother = (sms: number): boolean =>
              this.recordOf(sms).to === to && this.hasIds(sms, [received.parsed.messageId]);
            for (let sms = this.end - 1; sms > found; sms -= 1) if (isAnother(sms)) return sms;
            return found;
          },
      ),
  },
  {
    name: 'who could not take it is not told again that there is no receipt',
    symptom: /nobody said until \d+ that its receipt is overdue/,
    seed: 18,
    plant: toldOnce,
  },
  {
    name: 'nobody looks anew when the receipt of an SMS that was accepted later is due',
    symptom: /nobody said until \d+ that its receipt is overdue/,
    seed: 1503,
    plant: () => instead(OverdueReports.prototype, 'added', () => () => undefined),
  },
  {
    name: 'a receipt of an SMS whose record is being written belongs to nobody',
    symptom: /tied to no SMS/,
    seed: 1186,
    plant: () =>
      instead(
        TrackedRecords.prototype,
        'read',
        (read) =>
          function (this: TrackedRecords, sms) {
            return read.call(this, sms).catch(() => undefined);
          },
      ),
  },
  {
    name: 'who has taken an event gets it again with who has not',
    symptom: /twice, without a crash/,
    seed: 1303,
    plant: () => before(Listeners.prototype, 'give', (listeners, [key]) => listeners.forget(key)),
  },
  {
    name: 'what is out of doubt as a run ends is in doubt in the next',
    symptom: /was answered \d+ times and came out/,
    seed: 1619,
    around: {
      storage: (storage) => without(storage, ({ table, value }) => table === 'seen' && value === undefined),
    },
  },
  {
    name: 'a part that could not be kept is sent again although its message is whole',
    symptom: /incoming SMS \d+/,
    seed: 1,
    around: { plan: partsOnBadDisk },
    plant: () =>
      instead(
        Reassembler.prototype,
        'add',
        (add) =>
          function (this: Reassembler, ...given) {
            const { undo, ...reassembly } = add.apply(this, given);
            return { ...reassembly, undo: () => undo() || true };
          },
      ),
  },
  {
    name: 'a receipt waits for a correlation that went bad',
    symptom: /was answered and is lost|has all its receipts, and no verdict|was given up/,
    seed: 15,
    around: { plan: (plan) => ({ ...plan, hasRotten: true, isInMemory: false }) },
    plant: () =>
      instead(
        TrackedRecords.prototype,
        'read',
        (read) =>
          async function (this: TrackedRecords, sms) {
            const record = await read.call(this, sms);
            const isBad = record?.correlation === undefined && this.index.isPartial(sms);
            return isBad ? Promise.reject(new SmppError('SMPP_STORAGE', 'not now')) : record;
          },
      ),
  },
  {
    name: 'what is being taken as a stop begins comes again',
    symptom: /twice, without a crash/,
    seed: 1,
    around: { plan: stopsAmongReceipts },
    plant: againAfterStop,
  },
  {
    name: 'a listener that hangs holds up the others',
    symptom: /never answered|was answered \d+ times and came out|was answered and is lost/,
    seed: 3,
    around: { plan: oneHangs },
    plant: heldUpByOne,
  },
  {
    name: 'what nobody takes is kept for good',
    symptom: /are kept that nobody has taken for an hour/,
    seed: 1,
    around: { plan: nobodyThere },
    plant: keptForGood,
  },
];
