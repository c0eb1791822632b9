import assert from 'node:assert/strict';
import { recipientLabel } from '../../../nodes/smpp-send/label.editor.js';

describe('recipientLabel', () => {
  const labels: [to: unknown, type: unknown, label: string | undefined][] = [
    ['+45 12 34 56 78', 'str', '+4512…78'],
    ['4512345678', 'str', '4512…78'],
    [4512345678, 'str', '4512…78'],
    ['4512345678, 4512345679;\n4512345680', 'str', '4512…78 +2'],
    ['', 'str', undefined],
    ['somebody', 'str', undefined],
    ['to', 'msg', undefined],
    ['phone', 'msg', 'msg.phone'],
    ['onDuty', 'flow', 'flow.onDuty'],
    ['contacts.maintenance.first', 'global', 'global.contacts.mai…'],
    ['payload.people[0].phone', 'jsonata', undefined],
    [undefined, undefined, undefined],
  ];
  for (const [to, type, label] of labels) {
    it(`of ${String(type)} ${String(to)} is ${String(label)}`, () => {
      assert.equal(recipientLabel(to, type), label);
    });
  }
});
