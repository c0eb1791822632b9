/** The receipts that the model of the gateway sends for a segment it has accepted: when, how often, saying what. */
import type { Millis } from '../../lib/clock.js';
import type { SubmitSm } from '../../lib/pdu/pdu.js';
import type { Chance } from './chance.js';
import type { FlawHabits } from './flaws.js';
import type { Ledger } from './ledger.js';
import type { ReceiptHabits } from './plan-receipts.js';
import { RECEIPT_CLASS, type SmscMailbox } from './smsc-mailbox.js';

const UCS2 = 0x08;
const ASKS_FOR_RECEIPT = 0x03;
/** Of failures alone. */
const ASKS_FOR_FAILURES = 0x02;

/** Where receipts come from. */
interface Office {
  readonly mailbox: SmscMailbox;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly clock: GatewayClock;
  readonly habits: ReceiptHabits;
  readonly flaws: FlawHabits;
}

export interface AcceptedSegment {
  readonly pdu: SubmitSm;
  readonly messageId: string;
  readonly host: number;
  readonly sequence: number;
  readonly total: number;
}

/** Writes the instants of a receipt. */
export interface GatewayClock {
  /** In virtual time. */
  readonly now: Millis;
  /** What it writes for an instant of virtual time. */
  readonly write: (at: Millis) => string;
}

/** Sends them; returns how long the submit_sm_resp is held back at least, so that a receipt can overtake it. */
export function sendReceipts(segment: AcceptedSegment, office: Office): number {
  const { pdu, messageId, sequence, total } = segment;
  const { chance, habits, ledger } = office;
  const asked = pdu.registered_delivery & ASKS_FOR_RECEIPT;
  if (asked === 0 || messageId === '' || chance.happens(0.08)) return 0;
  // One for all that have one id.
  if (habits.ids === 'one' && sequence < total) return 0;
  const isEarly = chance.happens(0.08);
  const delayMs = isEarly ? 1 : delayOf(chance);
  const says = (state: string, afterMs: Millis): void => {
    if (asked !== ASKS_FOR_FAILURES || FAILURES.includes(state)) say(segment, office, { state, afterMs });
  };
  if (chance.happens(0.1)) says('ENROUTE', Math.max(1, delayMs / 2));
  const state = chance.happens(habits.failing) ? chance.oneOf(FAILURES) : 'DELIVRD';
  says(state, delayMs);
  if (chance.happens(0.08)) {
    ledger.saw('receipt twice');
    says(state, delayMs + chance.between(1, 20_000));
  }
  if (chance.happens(habits.contradicting)) {
    ledger.saw('receipt that contradicts another');
    says(chance.oneOf(STATES), chance.between(1, 2 * delayMs));
  }
  return isEarly ? chance.between(200, 3_000) : 0;
}

const FAILURES: readonly [string, ...string[]] = ['UNDELIV', 'EXPIRED', 'REJECTD', 'DELETED', 'UNKNOWN'];
const STATES: readonly [string, ...string[]] = ['DELIVRD', 'ENROUTE', ...FAILURES];

function say(
  { pdu, messageId, host, total }: AcceptedSegment,
  { mailbox, chance, clock, habits, flaws, ledger }: Office,
  { state, afterMs }: { readonly state: string; readonly afterMs: Millis },
): void {
  const submittedAt = clock.now;
  const phone = pdu.destination_addr;
  const dates = { submitted: clock.write(submittedAt), done: clock.write(submittedAt + afterMs) };
  const text = receiptText(messageId, state, { dates, count: habits.counts === 'all' ? total : 1 });
  const isSwapped = habits.phones === 'swapped';
  const isMiscoded = flaws.chance.happens(flaws.miscoded);
  if (isMiscoded) ledger.saw('receipt in ASCII under a data_coding that says UCS2');
  mailbox.add(
    { kind: 'receipt', says: messageId, state, phone, submittedAt, text },
    {
      source_addr: isSwapped ? pdu.source_addr : writtenPhone(phone, habits, chance),
      destination_addr: isSwapped ? phone : pdu.source_addr,
      esm_class: RECEIPT_CLASS,
      data_coding: isMiscoded ? UCS2 : 0,
      short_message: Buffer.from(text, 'latin1'),
    },
    { delayMs: afterMs, origin: host },
  );
}

function writtenPhone(phone: string, { phones }: ReceiptHabits, chance: Chance): string {
  if (phones === 'none') return '';
  return `${chance.happens(0.2) ? chance.oneOf(['+', '00']) : ''}${phone}`;
}

/** Seconds mostly; a phone that is off brings minutes. */
function delayOf(chance: Chance): number {
  return chance.happens(0.15) ? chance.between(60_000, 400_000) : chance.between(200, 30_000);
}

/** For an SMS that is not ours. */
export function sendForeign(
  { phone, messageId, submittedAt }: { phone: string; messageId: string; submittedAt: Millis },
  { mailbox, ledger, clock }: Pick<Office, 'mailbox' | 'ledger' | 'clock'>,
): void {
  ledger.saw('receipt of an SMS that is not ours');
  const dates = { submitted: clock.write(submittedAt), done: clock.write(clock.now) };
  const text = receiptText(messageId, 'DELIVRD', { dates, count: 1 });
  mailbox.add(
    { kind: 'foreign', says: messageId, state: 'DELIVRD', phone, submittedAt, text },
    {
      source_addr: phone,
      destination_addr: '4520304050',
      esm_class: RECEIPT_CLASS,
      short_message: Buffer.from(text, 'latin1'),
    },
    { delayMs: 1 },
  );
}

function receiptText(
  messageId: string,
  state: string,
  {
    dates,
    count,
  }: { readonly dates: { readonly submitted: string; readonly done: string }; readonly count: number },
): string {
  const isWell = state === 'DELIVRD' || state === 'ENROUTE';
  const counts = `sub:${digits(count)} dlvrd:${digits(state === 'DELIVRD' ? count : 0)}`;
  return (
    `id:${messageId} ${counts} submit date:${dates.submitted} done date:${dates.done} ` +
    `stat:${state} err:${isWell ? '000' : '001'}`
  );
}

function digits(count: number): string {
  return String(count).padStart(3, '0');
}
