import assert from 'node:assert/strict';
import type { NodeStatus } from 'node-red';
import { StatusLine } from '../../../nodes/inmobile-connection/status-line.js';
import { FakeClock } from '../../support/fake-clock.js';

class Source {
  text = 'one';
  changesByItself = false;
  readonly shown: string[] = [];

  read(): { status: NodeStatus; changesByItself: boolean } {
    return { status: { text: this.text }, changesByItself: this.changesByItself };
  }

  show(status: NodeStatus): void {
    this.shown.push(status.text ?? '');
  }
}

function aLine(): { line: StatusLine; source: Source; clock: FakeClock; say: (text: string) => void } {
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

  it('looks again each second while the status changes by itself', async () => {
    const { source, clock, say } = aLine();
    source.changesByItself = true;
    say('2 s');
    source.text = '1 s';
    await clock.advance(1_000);
    assert.deepEqual(source.shown, ['2 s', '1 s']);
  });

  it('has no timer left when it is closed', async () => {
    const { line, source, clock, say } = aLine();
    source.changesByItself = true;
    say('one');
    line.close();
    await clock.advance(5_000);
    assert.equal(clock.pending, 0);
  });
});
