import assert from 'node:assert/strict';
import { StatusLine, type Reading } from '../../../nodes/inmobile-connection/status-line.js';
import { FakeClock } from '../../support/fake-clock.js';

interface Status {
  readonly text: string;
}

class Source {
  text = 'one';
  againInMs: number | undefined;
  readonly shown: string[] = [];

  read(): Reading<Status> {
    return { status: { text: this.text }, againInMs: this.againInMs };
  }

  show({ text }: Status): void {
    this.shown.push(text);
  }
}

function aLine(): {
  line: StatusLine<Status>;
  source: Source;
  clock: FakeClock;
  say: (text: string) => void;
} {
  const source = new Source();
  const clock = new FakeClock();
  const line = new StatusLine(source, clock);
  const say = (text: string): void => {
    source.text = text;
    line.changed();
  };
  return { line, source, clock, say };
}

describe('StatusLine', () => {
  it('shows a change at once', () => {
    const { source, say } = aLine();
    say('one');
    assert.deepEqual(source.shown, ['one']);
  });

  it('shows the last of a burst of changes, half a second after the one before', async () => {
    const { source, clock, say } = aLine();
    for (const text of ['one', 'two', 'three', 'four']) say(text);
    await clock.advance(499);
    assert.deepEqual(source.shown, ['one']);
    await clock.advance(1);
    assert.deepEqual(source.shown, ['one', 'four']);
  });

  it('does not show the same twice', async () => {
    const { source, clock, say } = aLine();
    say('one');
    await clock.advance(1_000);
    say('one');
    assert.deepEqual(source.shown, ['one']);
  });

  it('looks again when the status may have changed by itself', async () => {
    const { source, clock, say } = aLine();
    source.againInMs = 1_000;
    say('2 s');
    source.text = '1 s';
    await clock.advance(1_000);
    assert.deepEqual(source.shown, ['2 s', '1 s']);
  });

  it('shows the same once more to somebody new, and as seldom', async () => {
    const { line, source, clock, say } = aLine();
    say('one');
    line.showAnew();
    await clock.advance(499);
    assert.deepEqual(source.shown, ['one']);
    await clock.advance(1);
    assert.deepEqual(source.shown, ['one', 'one']);
  });

  it('has no timer left when it is closed', async () => {
    const { line, source, clock, say } = aLine();
    source.againInMs = 1_000;
    say('one');
    line.close();
    await clock.advance(5_000);
    assert.equal(clock.pending, 0);
  });
});
