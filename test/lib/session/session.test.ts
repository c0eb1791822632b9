import assert from 'node:assert/strict';
import fc from 'fast-check';

import { encodePdu } from '../../../lib/pdu/encode.js';
import { STATUS } from '../../../lib/pdu/command-status.js';
import type { Effect } from '../../../lib/session/effect.js';
import * as build from './builders.js';
import { aSegment, aSession, bound, kinds, said, segments, written } from './builders.js';

describe('Session · bind', () => {
  for (const bind of ['transceiver', 'transmitter', 'receiver'] as const) {
    it(`logs in as a ${bind}`, () => {
      const [pdu] = written(aSession({ bind }).bind(0));
      assert.deepEqual(pdu, {
        command: `bind_${bind}`,
        sequence_number: 1,
        system_id: 'tester',
        password: 'secret',
        system_type: '',
      });
    });
  }

  it('is bound when the bind is answered with status 0', () => {
    const session = aSession();
    session.bind(0);
    assert.deepEqual(said(session.receive(build.bindResp(1), 5)), [{ kind: 'bound' }]);
    assert.equal(session.capacity, 10);
  });

  it('closes with the status of a refused bind', () => {
    const session = aSession();
    session.bind(0);
    assert.deepEqual(said(session.receive(build.bindResp(1, STATUS.ESME_RBINDFAIL), 5)), [
      { kind: 'closed', reason: 'bindRefused', status: STATUS.ESME_RBINDFAIL },
    ]);
  });

  it('takes generic_nack to the bind for a refusal', () => {
    const session = aSession();
    session.bind(0);
    assert.deepEqual(said(session.receive(build.nack(1, STATUS.ESME_RINVCMDID), 5)), [
      { kind: 'closed', reason: 'bindRefused', status: STATUS.ESME_RINVCMDID },
    ]);
  });

  it('never names a generic_nack to the bind an acceptance', () => {
    const session = aSession();
    session.bind(0);
    assert.deepEqual(said(session.receive(build.nack(1, 0), 5)), [
      { kind: 'closed', reason: 'bindRefused', status: STATUS.ESME_RUNKNOWNERR },
    ]);
  });

  it('ignores the answer to another kind of bind', () => {
    const session = aSession();
    session.bind(0);
    assert.deepEqual(kinds(session.receive(build.bindResp(1, 0, 'receiver'), 5)), ['ignored']);
    assert.equal(session.state, 'binding');
  });

  it('ignores a second answer to the bind', () => {
    assert.deepEqual(kinds(bound().receive(build.bindResp(1), 5)), ['ignored']);
  });

  it('closes when the bind is not answered in time, not before', () => {
    const session = aSession();
    session.bind(100);
    assert.equal(session.nextDeadline, 5_100);
    assert.deepEqual(session.tick(5_099), []);
    assert.deepEqual(said(session.tick(5_100)), [
      { kind: 'closed', reason: 'bindTimeout', status: undefined },
    ]);
  });

  it('takes no submits before it is bound, nor ever as a receiver', () => {
    const session = aSession();
    session.bind(0);
    assert.equal(session.capacity, 0);
    assert.equal(bound({ bind: 'receiver' }).capacity, 0);
  });

  it('refuses a password that SMPP cannot carry by its name, without the value', () => {
    const session = aSession({ password: 'far-too-long' });
    assert.throws(
      () => session.bind(0),
      (error: Error & { field?: string }) => error.field === 'password' && !error.message.includes('far-too'),
    );
  });
});

describe('Session · submit', () => {
  it('writes many segments in one write, numbered in order', () => {
    const effects = bound().submit(segments(3), 'batch', 0);
    assert.deepEqual(kinds(effects), ['write']);
    assert.deepEqual(
      written(effects).map((pdu) => [pdu.command, pdu.sequence_number]),
      [
        ['submit_sm', 2],
        ['submit_sm', 3],
        ['submit_sm', 4],
      ],
    );
  });

  it('settles each segment by its own answer, in whatever order they come', () => {
    const session = bound();
    session.submit(segments(3), 'batch', 7);
    const answers = Buffer.concat([build.submitResp(4), build.submitResp(2, 0x58), build.submitResp(3)]);
    assert.deepEqual(said(session.receive(answers, 9)).map(brief), [
      'batch 2 answered 0 id-4',
      'batch 0 answered 88 ',
      'batch 1 answered 0 id-3',
    ]);
    assert.equal(session.underWay, 0);
  });

  it('keeps its capacity at the window less what is under way', () => {
    const session = bound({ window: 3 });
    session.submit(segments(2), 'batch', 0);
    assert.equal(session.capacity, 1);
    session.receive(build.submitResp(2), 1);
    assert.equal(session.capacity, 2);
  });

  it('throws when the caller submits more than the window takes', () => {
    assert.throws(() => bound({ window: 2 }).submit(segments(3), 'batch', 0), RangeError);
  });

  it('answers a segment that SMPP cannot carry itself, and sends the others', () => {
    const effects = bound().submit(
      [aSegment('4511111111'), aSegment('1'.repeat(21)), aSegment()],
      'batch',
      0,
    );
    assert.deepEqual(said(effects).map(brief), [`batch 1 answered ${STATUS.ESME_RINVPARLEN} `]);
    assert.equal(written(effects).length, 2);
  });

  it('takes generic_nack with a number under way as the answer to it', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    const nack = build.nack(2, STATUS.ESME_RSYSERR);
    assert.deepEqual(said(session.receive(nack, 1)).map(brief), ['batch 0 answered 8 ']);
  });

  for (const status of [STATUS.ESME_RINVCMDLEN, STATUS.ESME_RINVCMDID]) {
    it(`takes generic_nack ${status} for a complaint about the octets`, () => {
      const session = bound();
      session.submit(segments(1), 'batch', 0);
      const [effect] = session.receive(build.nack(2, status), 1);
      assert.deepEqual(effect?.kind === 'misread' && effect.status, status);
      assert.equal(session.underWay, 0);
    });
  }

  it('takes submit_sm_resp with such a status for an answer', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    const [effect] = session.receive(build.submitResp(2, STATUS.ESME_RINVCMDLEN), 1);
    assert.equal(effect?.kind, 'answered');
  });

  it('never reads a generic_nack as acceptance', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    assert.deepEqual(said(session.receive(build.nack(2, 0), 1)).map(brief), [
      `batch 0 answered ${STATUS.ESME_RUNKNOWNERR} `,
    ]);
  });

  it('leaves a submit_sm under way when another response bears its number (D14)', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    const wrong = encodePdu({ command: 'enquire_link_resp', sequence_number: 2, command_status: 0 });
    assert.deepEqual(kinds(session.receive(wrong, 1)), ['ignored']);
    assert.equal(session.underWay, 1);
  });

  it('ignores an answer to nothing, and a second answer', () => {
    const session = bound();
    session.submit(segments(1), 'batch', 0);
    session.receive(build.submitResp(2), 1);
    assert.deepEqual(kinds(session.receive(build.submitResp(2), 2)), ['ignored']);
    assert.deepEqual(kinds(session.receive(build.submitResp(99), 2)), ['ignored']);
  });

  for (const [how, text] of [
    ['as it is', 'abcd\0'],
    ['without its NUL', 'abcd'],
    ['without the blanks that fill it up', '  abcd \t\0'],
    ['without blanks nor NUL', 'abcd    '],
    ['before whatever follows it', 'abcd\0\0 more'],
  ] as const) {
    it(`reads the id of an answer ${how}`, () => {
      const session = bound();
      session.submit(segments(1), 'batch', 0);
      const answer = Buffer.concat([header(0x80000004, 2, 16 + text.length), Buffer.from(text)]);
      assert.deepEqual(said(session.receive(answer, 1)).map(brief), ['batch 0 answered 0 abcd']);
    });
  }

  it('takes an SMS for accepted whose answer has no id, or one of blanks', () => {
    const session = bound();
    session.submit(segments(2), 'batch', 0);
    const blank = Buffer.concat([header(0x80000004, 2, 20), Buffer.from('   \0')]);
    const none = header(0x80000004, 3, 16);
    assert.deepEqual(said(session.receive(Buffer.concat([blank, none]), 1)).map(brief), [
      'batch 0 answered 0 ',
      'batch 1 answered 0 ',
    ]);
  });

  it('goes round the sequence numbers with requests under way', () => {
    const session = bound({ firstSequenceNumber: 0x7fff_fffe });
    const numbers = written(session.submit(segments(3), 'batch', 0)).map((pdu) => pdu.sequence_number);
    assert.deepEqual(numbers, [0x7fff_ffff, 1, 2]);
  });
});

describe('Session · incoming', () => {
  it('passes a deliver_sm on, and answers it when it is told to', () => {
    const session = bound();
    const [effect] = said(session.receive(build.deliverSm(77, 'hej'), 1));
    assert.equal(effect?.kind === 'delivered' && Buffer.from(effect.delivery.octets).toString(), 'hej');
    assert.equal(session.deliveriesOpen, 1);
    assert.deepEqual(written(session.respond(77, 0, 2)), [
      { command: 'deliver_sm_resp', sequence_number: 77, command_status: 0 },
    ]);
    assert.equal(session.deliveriesOpen, 0);
  });

  it('loses no deliver_sm that comes in one chunk with the bind_resp', () => {
    const session = aSession();
    session.bind(0);
    const chunk = Buffer.concat([build.bindResp(1), build.deliverSm(1), build.deliverSm(2)]);
    assert.deepEqual(kinds(session.receive(chunk, 1)), ['bound', 'delivered', 'delivered']);
  });

  it('answers ESME_RINVBNDSTS to a deliver_sm before the bind, and on a transmitter bind', () => {
    const unbound = aSession();
    unbound.bind(0);
    for (const session of [unbound, bound({ bind: 'transmitter' })]) {
      assert.deepEqual(written(session.receive(build.deliverSm(5), 1)), [
        { command: 'deliver_sm_resp', sequence_number: 5, command_status: STATUS.ESME_RINVBNDSTS },
      ]);
    }
  });

  it('passes a deliver_sm that does not decode on as binary content, and reads on (D1)', () => {
    const session = bound();
    const broken = Buffer.concat([header(0x5, 9, 19), Buffer.from([1, 2, 3])]);
    const effects = said(session.receive(Buffer.concat([broken, build.deliverSm(10)]), 1));
    assert.deepEqual(
      effects.map(
        (effect) => effect.kind === 'delivered' && [effect.sequence_number, effect.delivery.dataCoding],
      ),
      [
        [9, 4],
        [10, 0],
      ],
    );
    assert.equal(
      effects[0]?.kind === 'delivered' && Buffer.from(effects[0].delivery.octets).toString('hex'),
      '010203',
    );
  });

  it('delivers a deliver_sm with an octet too many for what it says, names the field, and answers it', () => {
    const session = bound();
    const octets = Buffer.concat([build.deliverSm(9, 'STOP'), Buffer.from([0])]);
    octets.writeUInt32BE(octets.length, 0);
    const effects = session.receive(octets, 1);
    const [delivered] = said(effects);
    assert.equal(
      delivered?.kind === 'delivered' && Buffer.from(delivered.delivery.octets).toString('latin1'),
      'STOP',
    );
    assert.deepEqual(
      effects.flatMap((effect) => (effect.kind === 'ignored' ? [effect.what] : [])),
      ['deliver_sm 9: short_message has an octet behind it that belongs to nothing'],
    );
    assert.deepEqual(written(session.respond(9, 0, 1)), [
      { command: 'deliver_sm_resp', sequence_number: 9, command_status: 0 },
    ]);
  });

  it('answers enquire_link in every state that has a connection', () => {
    const open = aSession();
    const binding = aSession();
    binding.bind(0);
    const leaving = bound();
    leaving.submit(segments(1), 'batch', 0);
    leaving.leave(0);
    const unbinding = bound();
    unbinding.leave(0);
    const dismissed = bound();
    dismissed.receive(build.unbind(50), 0);
    const all = [open, binding, bound(), leaving, unbinding, dismissed];
    assert.deepEqual(
      all.map((session) => session.state),
      ['open', 'binding', 'bound', 'leaving', 'unbinding', 'unbound'],
    );
    for (const session of all) {
      assert.deepEqual(written(session.receive(build.enquireLink(60), 1)), [
        { command: 'enquire_link_resp', sequence_number: 60, command_status: 0 },
      ]);
    }
  });

  it('answers generic_nack ESME_RINVCMDID to what an ESME is not asked for', () => {
    const [submit] = written(bound().submit(segments(1), 'batch', 0));
    const requests = [
      header(0x103, 30), // data_sm
      header(0x0b, 31), // outbind
      encodePdu({ ...submit!, sequence_number: 32 }),
      encodePdu({
        command: 'bind_transceiver',
        sequence_number: 33,
        system_id: 'x',
        password: 'y',
        system_type: '',
      }),
    ];
    for (const [index, request] of requests.entries()) {
      assert.deepEqual(written(bound().receive(request, 1)), [
        { command: 'generic_nack', sequence_number: 30 + index, command_status: STATUS.ESME_RINVCMDID },
      ]);
    }
  });

  it('writes nothing for a response that it does not know', () => {
    assert.deepEqual(kinds(bound().receive(header(0x80000103, 30), 1)), ['ignored']);
  });

  it('closes when the octets are no PDUs, after what was whole before them', () => {
    const session = bound();
    session.submit(segments(2), 'batch', 0);
    const chunk = Buffer.concat([build.submitResp(2), Buffer.from('HTTP/1.1 400 Bad Request\r\n')]);
    assert.deepEqual(said(session.receive(chunk, 1)).map(brief), [
      'batch 0 answered 0 id-2',
      'batch 1 unanswered',
      'closed protocol',
    ]);
  });

  it('reads the same from the stream however it is cut', () => {
    const stream = Buffer.concat([
      build.bindResp(1),
      build.deliverSm(1, 'one'),
      build.enquireLink(2),
      header(0x103, 3),
      build.unbind(4),
    ]);
    const whole = received([stream]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (cuts) => {
        assert.deepEqual(received(cut(stream, cuts)), whole);
      }),
    );
  });

  it('answers every whole request of a stream with wrong octets in its bodies', () => {
    const requests = [1, 2, 3, 4].map((sequence_number) => build.deliverSm(sequence_number, 'some text'));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(), fc.nat(255)), { maxLength: 8 }), (flips) => {
        const frames = requests.map((frame) => Buffer.from(frame));
        for (const [which, at, octet] of flips) {
          const frame = frames[which]!;
          frame[16 + (at % (frame.length - 16))] = octet;
        }
        const delivered = said(bound().receive(Buffer.concat(frames), 1));
        assert.deepEqual(
          delivered.map((effect) => effect.kind === 'delivered' && effect.sequence_number),
          [1, 2, 3, 4],
        );
      }),
    );
  });
});

const { header } = build;

function received(chunks: readonly Buffer[]): unknown[] {
  const session = aSession();
  session.bind(0);
  const effects = chunks.flatMap((chunk) => session.receive(chunk, 1));
  return [...written(effects), ...said(effects)];
}

function cut(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), stream.length];
  return edges.slice(1).map((end, index) => stream.subarray(edges[index], end));
}

function brief(effect: Effect<string>): string {
  switch (effect.kind) {
    case 'answered':
      return `${effect.request.token} ${effect.request.index} answered ${effect.status} ${effect.messageId}`;
    case 'unanswered':
      return `${effect.request.token} ${effect.request.index} unanswered`;
    case 'closed':
      return `closed ${effect.reason}`;
    default:
      return effect.kind;
  }
}
