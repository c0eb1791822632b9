/**
 * The link is cut again and again in the middle of traffic over TLS, without a word: what was under way has an
 * unknown outcome and is sent again, and only that.
 */
import assert from 'node:assert/strict';
import type { SubmitResult } from '../../lib/message.js';
import { overTls } from '../support/over-tls.js';
import { TO } from './ledger.js';

const CUTS = Number(process.env.SMPP_TEST_CUTS ?? 30);
const WINDOW = 10;
/** Handed over at once, again and again: the window is always full. */
const BACKLOG = 3 * WINDOW;
/** Between two cuts. */
const RESULTS_BETWEEN = 4 * WINDOW;

describe('abrupt cuts of the link under traffic', function () {
  this.timeout(30_000 + CUTS * 2_000);

  it('make at most a window of duplicates each, all of them flagged, and lose nothing', async () => {
    const { gateway, simulator, stop } = await overTls(
      // Both hosts are up again at once: waiting for them longer with each cut would prove nothing.
      { window: WINDOW, timers: { otherHostMs: 1, backoffFirstMs: 1, backoffMaxMs: 5 } },
      { responseDelayMs: 5 },
    );
    const results = new Map<number, SubmitResult>();
    let next = 0;
    let wanted = RESULTS_BETWEEN;
    let reached: () => void = () => undefined;
    gateway.onSettled((result) => {
      results.set(result.correlation as number, result);
      if (results.size >= wanted) reached();
      if (!isOver) send();
    });
    let isOver = false;
    const send = (): void => {
      next += 1;
      void gateway.enqueue({ to: TO, from: 'Demo', text: String(next), correlation: next });
    };
    const moreResults = (count: number): Promise<void> => {
      wanted = results.size + count;
      return new Promise((resolve) => (reached = resolve));
    };

    await gateway.start();
    for (let index = 0; index < BACKLOG; index += 1) send();
    const madeByCut: number[] = [];
    for (let cut = 0; cut < CUTS; cut += 1) {
      await moreResults(RESULTS_BETWEEN);
      const before = duplicates(simulator.accepted).length;
      await simulator.kill('all');
      await simulator.revive('all');
      await moreResults(BACKLOG);
      madeByCut.push(duplicates(simulator.accepted).length - before);
    }
    isOver = true;
    if (results.size < next) await moreResults(next - results.size);
    const duplicated = duplicates(simulator.accepted);
    await stop();

    console.log(`      ${CUTS} cuts, ${next} SMS, ${duplicated.length} sent twice, all of them flagged`);
    assert.ok(Math.max(...madeByCut) <= WINDOW, `one cut made ${Math.max(...madeByCut)}`);
    assert.deepEqual(
      duplicated.filter((number) => results.get(number)?.possibleDuplicate !== true),
      [],
    );
    assert.deepEqual(
      [...results.values()].filter(({ outcome }) => outcome !== 'accepted'),
      [],
    );
    assert.equal(new Set(simulator.accepted.map(({ text }) => text)).size, next);
    assert.ok(duplicated.length > 0, 'no cut hit an SMS that was under way');
  });
});

/** Numbers of the SMS that were accepted more than once; counted once for each time too many. */
function duplicates(accepted: readonly { readonly text: string }[]): number[] {
  const seen = new Set<string>();
  return accepted.flatMap(({ text }) => {
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [Number(text)];
  });
}
