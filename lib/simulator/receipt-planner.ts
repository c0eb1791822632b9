/**
 * Which receipts follow an accepted SMS, and when they and the recipient's own answer are sent.
 *
 * Source: SMPP 3.4 §5.2.17 (registered_delivery); what is sent and when is the scenario's.
 */
import { consts, type PduFields } from 'smpp';
import type { Millis } from '../clock.js';
import type { AcceptedSegment, AcceptedSms } from './accepted-sms.js';
import type { Mailboxes } from './mailboxes.js';
import { addressFields, receiptFields } from './receipt.js';
import type { PlannedReceipt } from './scenario.js';
import type { Schedule } from './schedule.js';
import type { SimulatorSettings } from './simulator-options.js';
import { writeText } from './sms-text.js';

const NOT_A_FAILURE: ReadonlySet<PlannedReceipt['state']> = new Set(['DELIVRD', 'ENROUTE', 'ACCEPTD']);

export class ReceiptPlanner {
  readonly #settings: SimulatorSettings;
  readonly #schedule: Schedule;
  readonly #mailboxes: Mailboxes;

  constructor(settings: SimulatorSettings, schedule: Schedule, mailboxes: Mailboxes) {
    this.#settings = settings;
    this.#schedule = schedule;
    this.#mailboxes = mailboxes;
  }

  /** @param answeredAfterMs when the submit_sm_resp goes out: receipts come after it unless the plan says otherwise */
  plan(
    segments: readonly AcceptedSegment[],
    receipts: readonly PlannedReceipt[],
    answeredAfterMs: Millis,
  ): void {
    for (const segment of segments) {
      for (const receipt of receipts) {
        if (isWanted(segment, receipt)) this.#send(segment, receipt, answeredAfterMs);
      }
    }
  }

  /** The recipient answers. */
  reply({ from, to, systemId }: AcceptedSms, text: string): void {
    const { octets, dataCoding } = writeText(text, false);
    const fields: PduFields = {
      ...addressFields({ from: to, to: from }),
      data_coding: dataCoding,
      short_message: octets,
    };
    // After the receipt: a phone answers what it has received.
    this.#schedule.after(2 * this.#settings.receiptDelayMs, () => this.#mailboxes.post(systemId, { fields }));
  }

  #send(segment: AcceptedSegment, receipt: PlannedReceipt, answeredAfterMs: Millis): void {
    const { messageId, text, at, systemId, session } = segment;
    const post = (): void => {
      const doneAt = this.#schedule.clock.wall();
      const fields = receiptFields(receipt, { messageId, text, submittedAt: at, doneAt }, segment);
      this.#mailboxes.post(systemId, { fields, preferred: session });
    };
    const { lateReceiptMs, receiptDelayMs } = this.#settings;
    const delayMs = receipt.when === 'late' ? lateReceiptMs : receiptDelayMs;
    if (receipt.when === 'beforeResponse') post();
    else this.#schedule.after(answeredAfterMs + delayMs, post);
  }
}

/** By the two low bits of registered_delivery. */
function isWanted({ registeredDelivery }: AcceptedSegment, { state }: PlannedReceipt): boolean {
  const wanted = registeredDelivery & 0x03;
  if (wanted === consts.REGISTERED_DELIVERY.FINAL) return true;
  return wanted === consts.REGISTERED_DELIVERY.FAILURE && !NOT_A_FAILURE.has(state);
}
