/** An outbox on virtual time with a link whose answers the test gives. */
import type { OutboundSms, SubmitResult } from '../../../lib/message.js';
import { Outbox, type OutboxOptions } from '../../../lib/outbox/outbox.js';
import type { UnknownReceipt } from '../../../lib/outbox/unknown-outcomes.js';
import type { Remembered } from '../../../lib/outbox/submission.js';
import { commandStatus } from '../../../lib/pdu/command-status.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLink } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';

export interface Bench {
  readonly clock: FakeClock;
  readonly outbox: Outbox;
  readonly storage: Storage;
  readonly results: SubmitResult[];
  readonly link: FakeLink;
  readonly failures: unknown[];
  readonly log: string[];
  /** Set by a test: a restart of the gateway is going on. */
  isRestart: boolean;
  submitFailures: number;
  /** Receipts that belong to no SMS, by recipient. */
  readonly unknownReceipts: Map<string, UnknownReceipt[]>;
  /** Message ids of copies that were tracked along with an accepted SMS. */
  readonly copies: (readonly string[])[];
  /** What was tracked after it was settled. */
  readonly trackedLate: (Remembered & { readonly messageIds: readonly string[] })[];
  take(changes?: Partial<OutboundSms>): Promise<string>;
  up(link?: FakeLink): Promise<FakeLink>;
  down(link: FakeLink): Promise<void>;
  settled(): Promise<void>;
}

/** @param isHeard somebody listens for results */
export async function bench(
  options: Partial<OutboxOptions> = {},
  window = 10,
  isHeard = true,
): Promise<Bench> {
  const clock = options.clock instanceof FakeClock ? options.clock : new FakeClock();
  const storage = options.storage ?? heldStorage(clock);
  const results: SubmitResult[] = [];
  const failures: unknown[] = [];
  const log: string[] = [];
  let ids = 0;
  const outbox = new Outbox({
    storage,
    clock,
    onUncertain: 'resend',
    segmentsPerSecond: undefined,
    newId: () => `sms-${(ids += 1)}`,
    refusal: commandStatus,
    tracking: (_entry, _result, { copies = [] }) => {
      made.copies.push(...copies);
      return [];
    },
    trackingLate: (sms, messageIds) => {
      made.trackedLate.push({ ...sms, messageIds });
      return [];
    },
    onAccepted: () => undefined,
    onSubmitFailed: () => (made.submitFailures += 1),
    isRestart: () => made.isRestart,
    unknownReceipts: (to) => made.unknownReceipts.get(to) ?? [],
    count: () => undefined,
    onFailure: (error) => failures.push(error),
    log: (_level, line) => void log.push(line),
    ...options,
  });
  const made: Bench = {
    clock,
    outbox,
    storage,
    results,
    failures,
    log,
    link: new FakeLink(window),
    isRestart: false,
    submitFailures: 0,
    unknownReceipts: new Map(),
    copies: [],
    trackedLate: [],
    take: async (changes) =>
      (await outbox.enqueue({ to: '4512345678', from: 'Alarm', text: 'x', ...changes })).id,
    up: async (link = made.link) => {
      outbox.linkUp(link);
      await clock.advance(0);
      return link;
    },
    down: async (link) => {
      link.leave();
      outbox.linkDown(link);
      await clock.advance(0);
    },
    settled: () => clock.advance(0),
  };
  await outbox.open();
  if (isHeard) outbox.onSettled((result) => void results.push(result));
  return made;
}
