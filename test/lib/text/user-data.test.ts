import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LongMessage } from '../../../lib/message.js';
import { decodeText } from '../../../lib/text/data-coding.js';
import { parseUserData } from '../../../lib/text/user-data-header.js';
import { planText, type TextPlan } from '../../../lib/text/segmenter.js';
import { assemble } from '../../../lib/text/user-data.js';
import { anyText } from './samples.js';

/** What an SMS carries (3GPP 23.040 §9.2.3.24). */
const USER_DATA_OCTETS = 140;

function plan(text: string, longMessage: LongMessage): TextPlan {
  return planText(text, { encoding: 'auto', substitute: false, longMessage });
}

/** Octets on the air: septets are packed there, behind a header padded to whole septets. */
function octetsOnAir(octets: Uint8Array, encoding: TextPlan['encoding']): number {
  if (encoding === 'ucs2') return octets.length;
  const headerOctets = octets.length - parseUserData(octets, true).body.length;
  const septets = Math.ceil((headerOctets * 8) / 7) + octets.length - headerOctets;
  return Math.ceil((septets * 7) / 8);
}

describe('the user data of a long text', () => {
  const text = 'a'.repeat(200);

  it('has a header with the lowest 8 bits of the reference by udh8', () => {
    const segments = assemble(plan(text, 'udh8'), 'udh8', 0x12345);
    assert.deepEqual(
      segments.map(({ octets }) => [...octets.subarray(0, 6)]),
      [
        [5, 0, 3, 0x45, 2, 1],
        [5, 0, 3, 0x45, 2, 2],
      ],
    );
    assert.deepEqual(
      segments.map(({ octets }) => octets.length),
      [6 + 153, 6 + 47],
    );
    assert.ok(segments.every(({ hasUserDataHeader, asPayload }) => hasUserDataHeader && !asPayload));
  });

  it('has a header with the lowest 16 bits of the reference by udh16', () => {
    const segments = assemble(plan(text, 'udh16'), 'udh16', 0x12345);
    assert.deepEqual(
      segments.map(({ octets }) => [...octets.subarray(0, 7)]),
      [
        [6, 8, 4, 0x23, 0x45, 2, 1],
        [6, 8, 4, 0x23, 0x45, 2, 2],
      ],
    );
    assert.ok(segments.every(({ sar }) => sar === undefined));
  });

  it('has no header but the numbers of SAR by sar', () => {
    const segments = assemble(plan(text, 'sar'), 'sar', 0x12345);
    assert.deepEqual(
      segments.map(({ sar, hasUserDataHeader }) => ({ sar, hasUserDataHeader })),
      [1, 2].map((sequence) => ({
        sar: { reference: 0x2345, total: 2, sequence },
        hasUserDataHeader: false,
      })),
    );
  });

  it('is one payload by payload', () => {
    const segments = assemble(plan(text, 'payload'), 'payload', 1);
    assert.equal(segments.length, 1);
    assert.deepEqual(segments[0], {
      octets: plan(text, 'payload').segments[0],
      hasUserDataHeader: false,
      asPayload: true,
    });
  });
});

describe('the user data of a text that fits one SMS', () => {
  it('is the text alone in every way of joining', () => {
    for (const longMessage of ['udh8', 'udh16', 'sar', 'payload', 'reject'] as const) {
      assert.deepEqual(assemble(plan('Hej', longMessage), longMessage, 7), [
        { octets: Uint8Array.from([0x48, 0x65, 0x6a]), hasUserDataHeader: false, asPayload: false },
      ]);
    }
  });
});

describe('the user data of any text', () => {
  const joining = fc.constantFrom<LongMessage>('udh8', 'udh16');

  it('joins to the text again', () => {
    fc.assert(
      fc.property(anyText, joining, fc.nat(), (text, longMessage, reference) => {
        const planned = plan(text, longMessage);
        const segments = assemble(planned, longMessage, reference);
        const parsed = segments.map(({ octets, hasUserDataHeader }) =>
          parseUserData(octets, hasUserDataHeader),
        );
        const joined = parsed.flatMap(({ body }) => [...body]);
        const withoutMark = planned.text.replace(/^\ufeff/, '');
        assert.equal(decodeText(Uint8Array.from(joined), planned.encoding), withoutMark);
        if (segments.length > 1) {
          assert.deepEqual(
            parsed.map(({ concatenation }) => concatenation?.sequence),
            segments.map((_, index) => index + 1),
          );
        }
      }),
    );
  });

  it('is never over 140 octets on the air, header included', () => {
    fc.assert(
      fc.property(anyText, joining, (text, longMessage) => {
        const planned = plan(text, longMessage);
        for (const { octets, hasUserDataHeader } of assemble(planned, longMessage, 1)) {
          const length = hasUserDataHeader
            ? octetsOnAir(octets, planned.encoding)
            : octetsOnAir(Uint8Array.of(0, ...octets), planned.encoding) - 1;
          assert.ok(length <= USER_DATA_OCTETS);
        }
      }),
    );
  });
});
