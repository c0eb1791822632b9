/**
 * `npm start -- --once`, as somebody runs it: a real Node-RED, real TLS, the simulated gateway.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const SCRIPT = path.resolve(__dirname, '..', '..', 'scripts', 'start.mjs');

/** The command gives up by itself after 60 s. */
const ONCE_MS = 90_000;

interface Line {
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

describe('npm start', () => {
  it('says in a line or two that it does not know an option, without a stack', async () => {
    const starting = promisify(execFile)(process.execPath, [SCRIPT, '--nope']);
    await assert.rejects(starting, ({ code, stderr }: Error & { code: number; stderr: string }) => {
      assert.equal(code, 1);
      assert.match(stderr, /^Unknown option '--nope'.*\nnpm start has one option: npm start -- --once\n$/);
      return true;
    });
  });
});

describe('npm start -- --once', function () {
  this.timeout(ONCE_MS);
  let lines: readonly Line[] = [];

  before(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, '--once']);
    lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  });

  it('prints the submit result, the receipt and an incoming SMS, one JSON object a line', () => {
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['submitted', 'receipt', 'incoming'],
    );
  });

  it('has its SMS accepted', () => {
    assert.equal(payloadOf('submitted').outcome, 'accepted');
  });

  it('has its SMS delivered', () => {
    const { id, delivered } = payloadOf('receipt');
    assert.deepEqual({ id, delivered }, { id: payloadOf('submitted').id, delivered: true });
  });

  it('receives the answer to its SMS', () => {
    const { text, inReplyTo } = payloadOf('incoming') as { text: string; inReplyTo?: { id: unknown } };
    assert.deepEqual(
      { text, inReplyTo: inReplyTo?.id },
      { text: 'Thank you', inReplyTo: payloadOf('submitted').id },
    );
  });

  function payloadOf(event: string): Line['payload'] {
    const line = lines.find((candidate) => candidate.event === event);
    assert.ok(line !== undefined, `no line of ${event}`);
    return line.payload;
  }
});
