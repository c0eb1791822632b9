/** Texts from a msg, a flow, a form or a peer that are far too long: read in time that grows no faster than they do. */
import assert from 'node:assert/strict';
import { checkSms } from '../../lib/gateway.js';
import type { Delivery } from '../../lib/message.js';
import { isSameNumber, readNumber, readOwnNumber } from '../../lib/phone-number.js';
import { parseReceipt } from '../../lib/receipt/parse-receipt.js';
import { readSender } from '../../lib/sender.js';
import { hostsProblem, pinsProblem } from '../../nodes/inmobile-connection/checks.editor.js';
import { readHosts } from '../../nodes/inmobile-connection/read-hosts.js';
import { FormReader } from '../../nodes/shared/form-reader.js';
import { validator } from '../../nodes/shared/catalogue.editor.js';
import { isNumber } from '../../nodes/shared/number.editor.js';
import { senderProblem } from '../../nodes/shared/sender.editor.js';
import { countText, hasLink } from '../../nodes/smpp-send/count.editor.js';
import { recipientLabel } from '../../nodes/smpp-send/label.editor.js';
import { readOverrides, recipientsIn } from '../../nodes/smpp-send/read-sms.js';

const LENGTH = 8_000;
const TIMES = 8;
/** Twice and more what is linear, a third of what is not. */
const TIMES_MAX = 20;
/** Less than this nobody notices, and a machine that does other things too measures no better. */
const UNNOTICED_MS = 100;

/** What a text is made of: each the beginning of something that may go on, with what breaks it off. */
const PIECES = [
  '${',
  '${a',
  '\u0300\u0316',
  '(',
  '(0)',
  '1',
  '00',
  '+',
  '-',
  'a-',
  ' ',
  '1 ',
  '.',
  ',',
  '::',
  'id:',
  'é',
];
const ENDS = ['', 'x', '\0'];

const form = (field: string): FormReader => new FormReader({ field }, () => 'value');
const ACCOUNT = { to: '4512345678', from: 'us', text: 'x' };
const CHOICES = { encoding: 'auto', substitute: true, longMessage: 'udh8', maxSegments: '' };

function receipt(text: string): Delivery {
  const octets = Buffer.from(text.slice(0, 65_000), 'latin1');
  return { from: '', to: '', octets, dataCoding: 0, kind: 'receipt', hasUserDataHeader: false };
}

const READERS: readonly (readonly [what: string, read: (text: string) => unknown])[] = [
  ['a phone number', (text) => readNumber(text, 'to', 'DK')],
  ['a number of our own', (text) => readOwnNumber(text, 'to')],
  ['two numbers', (text) => isSameNumber(text, `${text}1`, 'DK')],
  ['a sender', (text) => readSender(text, 'from')],
  ['the number of an SMS', (text) => checkSms({ ...ACCOUNT, to: text })],
  ['the sender of an SMS', (text) => checkSms({ ...ACCOUNT, from: text })],
  ['the text of an SMS', (text) => checkSms({ ...ACCOUNT, text, maxSegments: 255 })],
  ['the time of an SMS', (text) => checkSms({ ...ACCOUNT, sendAt: text })],
  [
    'a payload',
    (text) => readOverrides({ to: text, from: text, sendAt: text, maxSegments: text, [text]: 1 }),
  ],
  ['recipients', (text) => recipientsIn(text)],
  ['a property of a form', (text) => form(text).text('field')],
  ['a value of a form', (text) => form(text).value('field')],
  ['a credential', (text) => form(text).secret('field')],
  ['a count of a form', (text) => form(text).count('field', 9)],
  ['hosts', (text) => readHosts(text)],
  ['hosts in the editor', (text) => hostsProblem(text)],
  ['pins in the editor', (text) => pinsProblem(text)],
  [
    'a property in the editor',
    (text) => validator('', () => undefined).call({} as never, text, undefined as never),
  ],
  ['a number in the editor', (text) => isNumber(text)],
  ['a sender in the editor', (text) => senderProblem(text)],
  ['the label of a node', (text) => recipientLabel(text, 'str')],
  ['a text that is counted', (text) => [countText(text, CHOICES), hasLink(text)]],
  ['a receipt', (text) => parseReceipt(receipt(text))],
];

/** The least of three, since something else may be done meanwhile. */
function msOf(read: (text: string) => unknown, text: string): number {
  let least = Infinity;
  for (let time = 0; time < 3 && least > UNNOTICED_MS; time += 1) {
    const since = performance.now();
    try {
      read(text);
    } catch {
      // Refused, and that in time.
    }
    least = Math.min(least, performance.now() - since);
  }
  return least;
}

describe('a text that is far too long', () => {
  for (const [what, read] of READERS) {
    it(`is read as ${what} in time that grows no faster than it does`, () => {
      for (const piece of PIECES) {
        for (const end of ENDS) {
          const ofLength = (length: number): string => piece.repeat(length / piece.length) + end;
          const long = msOf(read, ofLength(LENGTH * TIMES));
          if (long <= UNNOTICED_MS) continue;
          const short = msOf(read, ofLength(LENGTH));
          assert.ok(
            long < TIMES_MAX * short,
            `${JSON.stringify(piece + end)}: ${short.toFixed(1)} ms, ${TIMES} times as long ${long.toFixed(1)} ms`,
          );
        }
      }
    });
  }
});

describe('a property of a form', () => {
  it('is refused beyond 100 000 characters', () => {
    assert.throws(
      () => form('x'.repeat(100_001)).text('field'),
      /^SmppError: field: must have at most 100000/,
    );
    assert.throws(() => form('x'.repeat(100_001)).value('field'), /at most 100000 characters, has 100001/);
    assert.throws(() => form('x'.repeat(100_001)).secret('field'), /at most 100000 characters/);
  });

  it('is refused where its variables make it so', () => {
    const reader = new FormReader({ field: '${A}'.repeat(1_000) }, () => 'x'.repeat(1_000));
    assert.throws(() => reader.text('field'), /at most 100000 characters/);
  });
});
