import assert from 'node:assert/strict';
import type { DeliveryReceipt, InboundSms, SubmitResult } from '../../../lib/message.js';
import { meantProperty } from '../../../nodes/smpp-send/property-names.js';

const OF_EVENTS: Readonly<Record<keyof SubmitResult | keyof DeliveryReceipt | keyof InboundSms, true>> = {
  id: true,
  outcome: true,
  messageIds: true,
  to: true,
  from: true,
  segments: true,
  encoding: true,
  possibleDuplicate: true,
  recovered: true,
  host: true,
  status: true,
  repeated: true,
  reason: true,
  queuedAt: true,
  settledAt: true,
  attempts: true,
  substituted: true,
  correlation: true,
  messageId: true,
  state: true,
  delivered: true,
  isFinal: true,
  errorCode: true,
  errorText: true,
  errorClass: true,
  submittedAt: true,
  doneAt: true,
  receivedAt: true,
  matched: true,
  raw: true,
  text: true,
  dataCoding: true,
  flash: true,
  complete: true,
  binary: true,
  inReplyTo: true,
};

describe('meantProperty', () => {
  const slips: [kind: string, name: string, meant: string][] = [
    ['a letter wrong', 'priotity', 'priority'],
    ['the first letter wrong', 'triority', 'priority'],
    ['the last letter wrong', 'prioritz', 'priority'],
    ['a letter missing', 'prority', 'priority'],
    ['the first letter missing', 'riority', 'priority'],
    ['the last letter missing', 'priorit', 'priority'],
    ['a letter doubled', 'priiority', 'priority'],
    ['the last letter doubled', 'priorityy', 'priority'],
    ['two letters swapped', 'proirity', 'priority'],
    ['the last two letters swapped', 'prioriyt', 'priority'],
    ['another letter case', 'PRIORITY', 'priority'],
    ['another letter case of a short one', 'To', 'to'],
    ['another letter case in the middle', 'sendat', 'sendAt'],
    ['six letters, one wrong', 'sentAt', 'sendAt'],
    ['a letter missing in a long one', 'expiresAfterM', 'expiresAfterMs'],
  ];
  for (const [kind, name, meant] of slips) {
    it(`knows ${name}: ${kind}`, () => assert.equal(meantProperty(name), meant));
  }

  const others: [why: string, name: string][] = [
    ['it is right', 'priority'],
    ['it is right', 'to'],
    ['a letter more is another word', 'receipts'],
    ['a letter more is another word', 'apriority'],
    ['two letters are wrong', 'prxoxity'],
    ['two letters are missing', 'priori'],
    ['two letters far from each other are swapped', 'yriortip'],
    ['the word has five letters', 'flesh'],
    ['the word has four letters', 'form'],
    ['the word has four letters', 'texts'],
    ['it is something else', 'temperature'],
    ['it is empty', ''],
    ['it is very long', 'x'.repeat(100_000)],
  ];
  for (const name of Object.keys(OF_EVENTS)) others.push(['an event has it', name]);
  for (const [why, name] of others) {
    it(`leaves ${name.slice(0, 20)} alone: ${why}`, () => assert.equal(meantProperty(name), undefined));
  }
});
