import assert from 'node:assert/strict';
import type { GatewayStatus } from '../../../lib/message.js';
import { SmppError } from '../../../lib/errors.js';
import { metricsPage, statusWithout } from '../../../nodes/inmobile-connection/metrics.js';

const STATUS: GatewayStatus = {
  state: 'connected',
  since: 0,
  onFirstHost: true,
  links: [
    {
      host: 'smpp-dk1.inmobile.dk:2775',
      name: 'dk1',
      bind: 'transceiver',
      state: 'bound',
      since: 0,
      underWay: 3,
      window: 10,
      certificateExpiresAt: 1_800_000_000_000,
    },
    {
      host: 'smpp-dk2.inmobile.dk:2775',
      name: 'dk2',
      bind: 'transceiver',
      state: 'waiting',
      since: 0,
      underWay: 0,
      window: 10,
    },
  ],
  queue: { alarm: 1, normal: 2, bulk: 0, scheduled: 1, underWay: 3 },
  counters: {
    queued: 9,
    submitted: 8,
    accepted: 7,
    rejected: 0,
    uncertain: 0,
    expired: 0,
    cancelled: 0,
    possibleDuplicates: 4,
    receipts: 6,
    delivered: 5,
    incoming: 0,
    repeatedIncoming: 0,
    binds: 1,
  },
};

/** One line of the text format: a comment, or a sample with its labels and a number. */
const LINE =
  /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{[a-z_]+="([^"\\\n]|\\[\\n"])*"(,[a-z_]+="([^"\\\n]|\\[\\n"])*")*\} -?\d+(\.\d+)?)$/;

describe('the metrics page', () => {
  it('has an alert fire for a connection that cannot run', () => {
    const problem = new SmppError('SMPP_OPTIONS', 'Window: must be a number');
    const samplesOf = (name: string, status: GatewayStatus): string | undefined =>
      metricsPage([{ id: 'a1', name: '', status }])
        .split('\n')
        .find((line) => line.startsWith(`inmobile_smpp_${name}{`));
    const labels = '{connection="a1",name=""}';
    assert.deepEqual(
      ['cannot_run', 'connected', 'binds_total'].map((name) => samplesOf(name, statusWithout(problem, 0))),
      [
        `inmobile_smpp_cannot_run${labels} 1`,
        `inmobile_smpp_connected${labels} 0`,
        `inmobile_smpp_binds_total${labels} 0`,
      ],
    );
    assert.equal(samplesOf('cannot_run', STATUS), `inmobile_smpp_cannot_run${labels} 0`);
  });

  it('has every counter and gauge of a connection, each introduced once', () => {
    const lines = metricsPage([{ id: 'a1', name: 'Main', status: STATUS }])
      .trimEnd()
      .split('\n');
    const connection = 'connection="a1",name="Main"';
    for (const expected of [
      '# TYPE inmobile_smpp_possible_duplicates_total counter',
      `inmobile_smpp_possible_duplicates_total{${connection}} 4`,
      `inmobile_smpp_submitted_total{${connection}} 8`,
      `inmobile_smpp_connected{${connection}} 1`,
      `inmobile_smpp_disconnected{${connection}} 0`,
      `inmobile_smpp_queue{${connection},priority="alarm"} 1`,
      `inmobile_smpp_queue_under_way{${connection}} 3`,
      `inmobile_smpp_link_bound{${connection},host="smpp-dk2.inmobile.dk:2775",bind="transceiver"} 0`,
      `inmobile_smpp_link_certificate_expires_timestamp_seconds{${connection},host="smpp-dk1.inmobile.dk:2775",bind="transceiver"} 1800000000`,
    ]) {
      assert.equal(lines.filter((line) => line === expected).length, 1, expected);
    }
  });

  it('keeps the samples of a metric together, whatever the names of the connections', () => {
    const page = metricsPage([
      { id: 'a1', name: 'a "quoted"\nname\\', status: STATUS },
      { id: 'a2', name: '', status: STATUS },
    ]);
    assert.ok(page.endsWith('\n'));
    const lines = page.trimEnd().split('\n');
    assert.deepEqual(
      lines.filter((line) => !LINE.test(line)),
      [],
    );
    const metrics = lines.map((line) => /inmobile_[a-z_]+/.exec(line)?.[0]);
    const runs = metrics.filter((metric, index) => metric !== metrics[index - 1]);
    assert.equal(new Set(runs).size, runs.length);
  });

  it('names a connection whose name is a number, and tells of the others too', () => {
    const page = metricsPage([
      { id: 'a1', name: 5, status: STATUS },
      { id: 'a2', name: 'Main', status: STATUS },
    ]);
    assert.match(page, /^inmobile_smpp_binds_total\{connection="a1",name="5"\} 1$/m);
    assert.match(page, /^inmobile_smpp_binds_total\{connection="a2",name="Main"\} 1$/m);
  });

  it('is empty of samples without a connection', () => {
    assert.ok(!metricsPage([]).includes('{'));
  });
});
