/**
 * Mocha's own report for people, and its totals for `scripts/test.mjs`, written to the file that the reporter
 * option `totals` names once every test is over.
 */
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

export default class TotalsReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(options.reporterOptions.totals, JSON.stringify({ passes, failures, pending }));
    });
  }
}
