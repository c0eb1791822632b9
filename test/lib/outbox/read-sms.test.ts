import assert from 'node:assert/strict';
import { SmppError } from '../../../lib/errors.js';
import type { OutboundSms } from '../../../lib/message.js';
import { readSms, type SmsDefaults } from '../../../lib/outbox/read-sms.js';

const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

function read(changes: Record<string, unknown> = {}, defaults?: SmsDefaults) {
  const sms = { to: '4512345678', from: 'Alarm', text: 'Pump 3 stopped', ...changes } as OutboundSms;
  return readSms(sms, 'id-1', NOW, defaults).entry;
}

function refusal(changes: Record<string, unknown>): SmppError {
  try {
    read(changes);
  } catch (error) {
    assert.ok(error instanceof SmppError);
    assert.equal(error.code, 'SMPP_MESSAGE');
    return error;
  }
  return assert.fail('it was taken');
}

describe('readSms', () => {
  it('fills in every default', () => {
    assert.deepEqual(read(), {
      id: 'id-1',
      to: '4512345678',
      from: 'Alarm',
      text: 'Pump 3 stopped',
      encoding: 'gsm7',
      flash: false,
      longMessage: 'udh8',
      segments: 1,
      receipt: 'always',
      priority: 'normal',
      queuedAt: NOW,
      expiresAt: NOW + 24 * HOUR_MS,
    });
  });

  for (const [given, digits] of [
    ['+45 12 34 56 78', '4512345678'],
    ['0045 12-34-56-78', '4512345678'],
    ['45\u00a012\u00a034\u00a056\u00a078', '4512345678'],
    ['+1 (202) 555.0123', '12025550123'],
    [4512345678, '4512345678'],
  ] as const) {
    it(`reads ${String(given)} as ${digits}`, () => assert.equal(read({ to: given }).to, digits));
  }

  for (const [field, value, words] of [
    ['to', undefined, /is missing/],
    ['to', '', /is missing/],
    ['to', 'Jens', /must be one phone number, has letters/],
    ['to', '012345678', /has no country code/],
    ['to', '45\u0000123456', /has a character that no number has/],
    ['to', '1234', /4 digits/],
    ['to', '12345678', /fits no country/],
    ['to', '12 34 56 78/79', /has a slash/],
    ['to', '1234567890123456', /has 16 digits/],
    ['to', 4.5e20, /is too large to be exact/],
    ['to', 4_512_345_678.5, /not whole/],
    ['to', -4_512_345_678, /is not above 0/],
    ['to', '4512345678.0', /ends as a decimal number does/],
    ['to', '1234567\n8765432', /has several lines/],
    ['from', 1_245.5, /not whole/],
    ['to', { number: 1 }, /an object/],
    ['to', ['4512345678'], /an array/],
    ['from', undefined, /must be a name of at most 11 characters or a phone number, is missing/],
    ['from', 'Pumpehuset 12', /must have at most 11 characters, has 13/],
    ['from', 'Vandværkets pumpehus', /outside ASCII/],
    ['from', 'The waterworks pumps', /must have at most 11 characters, has 20/],
    ['from', '1234567890123456', /must have at most 15 digits, has 16/],
    ['text', undefined, /must be text, is missing/],
    ['text', '', /must be text, is empty/],
    ['text', '\u200b\ufeff', /only characters that nobody sees/],
    ['text', 42, /a number/],
    ['text', Buffer.from('x'), /an object/],
    ['text', 'x'.repeat(2_000), /at most 10 segments, takes 14 as gsm7/],
    ['encoding', 'utf8', /auto, gsm7, ucs2/],
    ['priority', 'high', /alarm, normal, bulk/],
    ['receipt', true, /always, on-failure, never/],
    ['longMessage', 'udh', /udh8, udh16/],
    ['onUncertain', 'retry', /resend, reconcile, report/],
    ['flash', 'yes', /true or false/],
    ['maxSegments', 0, /1 to 255/],
    ['sendAt', 'tomorrow', /must be a time/],
    ['sendAt', '5', /must be a time/],
    ['sendAt', null, /must be a time/],
    ['sendAt', new Date(NaN), /must be a time/],
    ['sendAt', NOW / 1_000, /must be in ms since 1970, is before 2001: 1700000000; a time in seconds/],
    ['sendAt', 0, /before 2001/],
    ['sendAt', -NOW, /before 2001/],
    ['sendAt', new Date(NOW / 1_000), /before 2001/],
    ['sendAt', '2000-12-31T23:59:59.999Z', /before 2001/],
    ['sendAt', NOW * 1_000, /a year ahead/],
    ['expiresAfterMs', -1, /above 0/],
    ['expiresAfterMs', Number.NaN, /above 0/],
    ['validityMs', 999, /from 1000 to 2678400000 \(31 days\)/],
    ['validityMs', 31 * 24 * HOUR_MS + 1, /from 1000 to/],
    ['validityMs', '60000', /a number of milliseconds/],
    ['validityMs', Infinity, /a number of milliseconds/],
    ['dedupeKey', 7, /must be text of at most 256 characters/],
    ['correlation', () => 1, /a function/],
    ['correlation', 10n, /a bigint/],
    ['correlation', 'x'.repeat(262_145), /at most 262144 characters/],
  ] as const) {
    it(`refuses ${field} = ${typeof value === 'object' ? JSON.stringify(value) : String(value).slice(0, 24)}`, () => {
      const error = refusal({ [field]: value });
      assert.match(error.message, words);
      assert.equal(error.field, field);
    });
  }

  it('refuses a correlation with a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    assert.equal(refusal({ correlation: cycle }).field, 'correlation');
  });

  it('names the character that GSM7 lacks when gsm7 is asked for, without the text', () => {
    const { message } = refusal({ text: 'secret жук', encoding: 'gsm7' });
    assert.match(message, /U\+0436/);
    assert.doesNotMatch(message, /secret|жук/);
  });

  it('shows no more of a bad number than its ends', () => {
    const { message } = refusal({ to: '45ABC45678' });
    assert.match(message, /45\*+78/);
    assert.doesNotMatch(message, /ABC/);
  });

  it('refuses what is not an object', () => {
    assert.throws(() => readSms(null as unknown as OutboundSms, 'id', NOW), { code: 'SMPP_MESSAGE' });
  });

  it('reads a number without a country code as one of the default country', () => {
    assert.equal(read({ to: '12 34 56 78' }, { defaultCountry: 'DK' }).to, '4512345678');
  });

  it('refuses a number that may be one of the default country or one abroad, and shows neither', () => {
    assert.throws(
      () => read({ to: '15123456789' }, { defaultCountry: 'DE' }),
      ({ code, field, message }: SmppError) =>
        code === 'SMPP_MESSAGE' && field === 'to' && /49\*+89 \(DE\) or 15\*+89 \(abroad\)/.test(message),
    );
  });

  for (const from of [undefined, null, '', '  ', '\u00a0\n']) {
    it(`has the sender of the gateway when its own is ${JSON.stringify(from)}`, () => {
      assert.equal(read({ from }, { sender: 'Works' }).from, 'Works');
    });
  }

  it('refuses blanks for a sender', () => {
    assert.match(refusal({ from: '  ' }).message, /^from: .*is missing$/);
  });

  it('leaves out the blanks around a sender', () => {
    assert.equal(read({ from: ' Pump 3\n' }).from, 'Pump 3');
    assert.equal(read({ from: ' Mannheim 1 ' }).from, 'Mannheim 1');
  });

  it('has a sender of its own before that of the gateway', () => {
    assert.equal(read({ from: 'Pump 3' }, { sender: 'Works' }).from, 'Pump 3');
  });

  it('keeps what was substituted', () => {
    const entry = read({ text: '“Hej”' });
    assert.equal(entry.text, '"Hej"');
    assert.equal(entry.substituted?.length, 2);
  });

  it('counts the life of a scheduled SMS from its own instant', () => {
    const entry = read({ sendAt: new Date(NOW + HOUR_MS), expiresAfterMs: 60_000 });
    assert.equal(entry.sendAt, NOW + HOUR_MS);
    assert.equal(entry.expiresAt, NOW + HOUR_MS + 60_000);
  });

  it('reads sendAt as ISO 8601 too', () => {
    assert.equal(read({ sendAt: new Date(NOW + 5_000).toISOString() }).sendAt, NOW + 5_000);
  });

  for (const past of ['2001-01-01T00:00:00Z', new Date(NOW - 1_000).toUTCString()]) {
    it(`takes ${past}, which is past: the SMS is due at once`, () => {
      assert.equal(read({ sendAt: past }).sendAt, Date.parse(past));
    });
  }

  for (const validityMs of [1_000, 90_500, 31 * 24 * HOUR_MS]) {
    it(`takes a validity of ${validityMs} ms`, () =>
      assert.equal(read({ validityMs }).validityMs, validityMs));
  }

  it('copies the correlation', () => {
    const correlation = { order: 7 };
    const entry = read({ correlation });
    correlation.order = 8;
    assert.deepEqual(entry.correlation, { order: 7 });
  });
});
