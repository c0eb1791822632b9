import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node } from 'node-red';
import type { Connection } from '../../../nodes/shared/connection.js';
import { FlowGate } from '../../../nodes/shared/flow-gate.js';
import { EarlierConnections } from '../../../nodes/smpp-dlr/earlier-connections.js';
import { FakeClock } from '../../support/fake-clock.js';

const HOUR = 3_600_000;

describe('EarlierConnections', () => {
  let clock: FakeClock;
  let events: EventEmitter;
  let connections: Map<string, Connection>;
  let earlier: EarlierConnections;
  /** Where the node listens. */
  let heard: Connection[];
  let node: EventEmitter;

  beforeEach(() => {
    clock = new FakeClock();
    events = new EventEmitter();
    connections = new Map(['one', 'two', 'three'].map((id) => [id, { id } as unknown as Connection]));
    earlier = new EarlierConnections(new FlowGate(events), (id) => connections.get(id), clock);
    heard = [];
    node = new EventEmitter();
    follow('one');
  });

  function follow(used: string): void {
    node = Object.assign(new EventEmitter(), { id: 'dlr' });
    earlier.follow(node as unknown as Node, used, (connection) => {
      heard.push(connection);
      return () => {
        heard = heard.filter((other) => other !== connection);
      };
    });
    events.emit('flows:started', {});
  }
  function move(used: string): void {
    node.emit('close');
    follow(used);
  }
  const at = (...ids: string[]): unknown[] => ids.map((id) => connections.get(id));

  it('has a node listen for an hour where it was', async () => {
    assert.deepEqual(heard, []);
    move('two');
    await clock.advance(HOUR - 1);
    assert.deepEqual(heard, at('one'));
    await clock.advance(1);
    assert.deepEqual(heard, []);
    move('two');
    assert.deepEqual(heard, []);
  });

  it('does so for the rest of the hour when the node is replaced', async () => {
    move('two');
    await clock.advance(HOUR / 2);
    move('two');
    assert.deepEqual(heard, at('one'));
    await clock.advance(HOUR / 2);
    assert.deepEqual(heard, []);
  });

  it('goes by each connection that it was at, and not by the one that it is back at', async () => {
    move('two');
    await clock.advance(HOUR / 2);
    move('three');
    assert.deepEqual(heard, at('one', 'two'));
    await clock.advance(HOUR / 2);
    assert.deepEqual(heard, at('two'));
    move('two');
    assert.deepEqual(heard, at('three'));
  });

  it('listens at what has replaced a connection, and at one that comes back', () => {
    move('two');
    const replace = (connection?: Connection): void => {
      if (connection === undefined) connections.delete('one');
      else connections.set('one', connection);
      events.emit('flows:stopping', {});
      events.emit('flows:started', {});
    };
    for (const connection of [{} as Connection, undefined, {} as Connection]) {
      replace(connection);
      assert.deepEqual(heard, connection === undefined ? [] : at('one'));
    }
  });

  it('keeps no timer for a node that is gone', () => {
    move('two');
    node.emit('close');
    assert.deepEqual([heard, clock.pending], [[], 0]);
  });
});
