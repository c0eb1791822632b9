import assert from 'node:assert/strict';

import { Window } from '../../../lib/session/window.js';

const request = (index: number, sentAt = 0) => ({ token: 'batch', index, sentAt, answersBefore: 0 });

function submit(window: Window<string>, index = 0, sentAt = 0): number {
  const sequence_number = window.takeSequenceNumber();
  window.submitted(sequence_number, request(index, sentAt));
  return sequence_number;
}

describe('Window', () => {
  it('numbers requests from 1', () => {
    const window = new Window<string>(10);
    assert.deepEqual([submit(window), submit(window), window.asked('enquire_link', 0)], [1, 2, 3]);
  });

  it('goes round from 0x7FFFFFFF to 1 [SMPP 3.4 §5.1.4]', () => {
    const window = new Window<string>(10, 0x7fff_ffff);
    assert.deepEqual([submit(window), submit(window)], [0x7fff_ffff, 1]);
  });

  it('skips numbers that are in use when it comes round', () => {
    const window = new Window<string>(10, 0x7fff_fffe);
    window.submitted(0x7fff_ffff, request(0)); // from the round before
    window.submitted(1, request(1));
    assert.deepEqual([submit(window), window.asked('enquire_link', 0), submit(window)], [0x7fff_fffe, 2, 3]);
  });

  it('skips numbers of submit_sm that are overdue when it comes round', () => {
    const window = new Window<string>(10, 0x7fff_fffe);
    window.submitted(1, request(1)); // from the round before
    assert.deepEqual(window.takeOverdue(0, 0), [request(1)]);
    assert.deepEqual([submit(window), submit(window), submit(window)], [0x7fff_fffe, 0x7fff_ffff, 2]);
    assert.deepEqual(window.answeredLate(1), request(1));
  });

  it('takes a submit_sm for overdue at the very deadline, whatever fractions its time has', () => {
    for (let index = 1; index < 1_000; index += 1) {
      const window = new Window<string>(1);
      const sentAt = 31_000 + 1_000 / index;
      window.submitted(1, { ...request(1), sentAt });
      assert.equal(window.takeOverdue(sentAt + 30_000, 30_000).length, 1, `${sentAt}`);
    }
  });

  it('limits submit_sm alone', () => {
    const window = new Window<string>(1);
    submit(window);
    assert.equal(window.free, 0);
    window.asked('enquire_link', 0);
    window.asked('unbind', 0);
    window.answered(1);
    assert.equal(window.free, 1);
  });

  it('answers each request once', () => {
    const window = new Window<string>(10);
    const sequence_number = submit(window, 7);
    assert.deepEqual(window.answered(sequence_number), request(7));
    assert.equal(window.answered(sequence_number), undefined);
  });

  it('keeps an own request when another command answers its number', () => {
    const window = new Window<string>(10);
    const sequence_number = window.asked('enquire_link', 0);
    assert.equal(window.ownAnswered(sequence_number, 'unbind'), undefined);
    assert.equal(window.ownAnswered(sequence_number, 'enquire_link')?.command, 'enquire_link');
  });

  it('forgets an enquire_link that was never answered when the next is sent', () => {
    const window = new Window<string>(10);
    const first = window.asked('enquire_link', 0);
    window.asked('enquire_link', 0);
    assert.equal(window.ownAnswered(first), undefined);
  });

  it('knows when the oldest unanswered submit_sm was sent, whatever the order of the answers', () => {
    const window = new Window<string>(10);
    [5, 6, 7].forEach((sentAt) => submit(window, 0, sentAt));
    window.answered(2);
    assert.equal(window.oldestSentAt, 5);
    window.answered(1);
    assert.equal(window.oldestSentAt, 7);
    window.answered(3);
    assert.equal(window.oldestSentAt, undefined);
  });

  it('hands over what is under way in order, and is empty then', () => {
    const window = new Window<string>(10);
    [0, 1, 2].forEach((index) => submit(window, index));
    assert.deepEqual(
      window.abandon().map(({ index }) => index),
      [0, 1, 2],
    );
    assert.equal(window.underWay, 0);
  });

  it('finds each of a thousand, whatever stays unanswered among them', () => {
    const window = new Window<string>(1_000, 0x7fff_f000);
    const open = new Map<number, number>();
    for (let index = 0; index < 20_000; index += 1) {
      if (index % 100 === 0) window.asked('enquire_link', 0);
      if (window.free === 0) {
        const answered = [...open].filter((_, place) => place % 7 !== 0);
        for (const [sequence_number, given] of answered) {
          assert.equal(window.answered(sequence_number)?.index, given);
          open.delete(sequence_number);
        }
      }
      open.set(submit(window, index, index), index);
    }
    assert.equal(window.oldestSentAt, [...open.values()][0]);
    assert.deepEqual(
      window.abandon().map(({ index }) => index),
      [...open.values()],
    );
  });
});
