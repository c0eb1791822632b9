/**
 * What is sent and received: the same recipients, texts and receipts for every client.
 *
 * Texts are 60 GSM7 characters, each SMS its own recipient and text, as real traffic has it.
 */
import { encodings } from 'smpp';

export const SENDER = 'Bench';

const COUNT = 1_000;

export const RECIPIENTS: readonly string[] = Array.from(
  { length: COUNT },
  (_, index) => `4520${300_000 + index}`,
);

export const TEXTS: readonly string[] = Array.from({ length: COUNT }, (_, index) =>
  `Pumpe ${index} på station Ærø: tryk 4,2 bar, vand i kælder. Ring vagt`.slice(0, 60).padEnd(60, '.'),
);

/** The texts as septets, for the row that leaves the encoding out. */
export function encodedTexts(): readonly Buffer[] {
  return TEXTS.map((text) => encodings.ASCII.encode(text));
}

/** Of a message id, before the eight hexadecimal digits that count. */
export const MESSAGE_ID_START = 'ble50673-f8b8-41e8-a143-07a4';

/** A receipt as inMobile writes it (gateway.md), for the message id with `digits` at its end. */
export function receiptText(digits: string): string {
  return (
    `id:${MESSAGE_ID_START}${digits} sub:001 dlvrd:001 submit date:2611221201 done date:2611221202 ` +
    'stat:DELIVRD err:000'
  );
}

/** Messages, time and CPU of one process over one stretch. */
export interface Stretch {
  readonly messages: number;
  readonly ms: number;
  /** User and system, all threads. */
  readonly cpuMs: number;
}

/** Measures from now until the returned function is called. */
export function stretch(): (messages: number) => Stretch {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  return (messages) => {
    const ms = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    return { messages, ms, cpuMs: (user + system) / 1_000 };
  };
}
