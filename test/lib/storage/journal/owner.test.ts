import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { systemProcesses } from '../../../../lib/storage/journal/owner.js';

const { self } = systemProcesses;

describe('what is known of another process', () => {
  it('is that this one lives', () => {
    assert.equal(systemProcesses.isAlive(self), true);
  });

  it('is that one which has ended is dead', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    assert.equal(systemProcesses.isAlive({ ...self, pid, started: '' }), false);
  });

  it('is nothing when it runs on another host', () => {
    assert.equal(systemProcesses.isAlive({ ...self, host: 'elsewhere' }), undefined);
  });

  it('is nothing when it ran before the last boot, or in another container', () => {
    assert.equal(systemProcesses.isAlive({ ...self, boot: 'another' }), undefined);
  });

  it('is that it is dead when its id belongs to a process that started at another time, where that is told', () => {
    const isTold = self.started !== '';
    assert.equal(systemProcesses.isAlive({ ...self, started: '1' }), !isTold);
  });
});
