/**
 * The segments of an SMS, as they are submitted.
 */
import type { Segment } from '../message.js';
import { dataCodingOf } from '../text/data-coding.js';
import { planText, type TextPlan } from '../text/segmenter.js';
import { assemble, type SegmentData } from '../text/user-data.js';
import type { OutboxEntry } from './entry.js';
import type { Body } from './queue-item.js';
import type { References } from './references.js';

export class Segments {
  readonly #references: References;

  constructor(references: References) {
    this.#references = references;
  }

  /** Uses up the plan. */
  of(body: Body): Segment[] {
    const { entry, plan = planOf(entry) } = body;
    body.plan = undefined;
    const reference = entry.segments > 1 ? this.#references.next(entry.to) : 0;
    return assemble(plan, entry.longMessage, reference).map((data) => segmentOf(entry, data));
  }
}

/** A literal: an object put together by spreading takes five times the memory (measured: 1700 octets). */
function segmentOf(entry: OutboxEntry, data: SegmentData): Segment {
  const { to, from, receipt, encoding, flash, priority, validityMs } = entry;
  const { octets, hasUserDataHeader, asPayload, sar } = data;
  const dataCoding = dataCodingOf(encoding, flash);
  const urgent = priority === 'alarm';
  const segment = { to, from, octets, dataCoding, hasUserDataHeader, asPayload, receipt, validityMs, urgent };
  return sar === undefined ? segment : Object.assign(segment, { sar });
}

/** The plan that was made as the SMS was taken in: its text is final, its encoding known. */
function planOf({ text, encoding, longMessage }: OutboxEntry): TextPlan {
  return planText(text, { encoding, longMessage, substitute: false });
}
