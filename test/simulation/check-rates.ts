/** How often the client knocks at the door. */
import type { Millis } from '../../lib/clock.js';
import type { BindSeen, Ledger } from './ledger.js';

const BINDS_PER_MINUTE_MAX = 20;
/** Contract section 4. */
const BAD_LOGINS_MAX = 6;
const BAD_LOGINS_WITHIN_MS: Millis = 600_000;

/** By run: what a process that has died knew of earlier attempts is gone. */
export function checkRates(ledger: Ledger): void {
  for (const { number: run } of ledger.runs) {
    const binds = ledger.binds.filter((bind) => bind.run === run);
    for (const host of [0, 1]) {
      const most = mostWithin(
        binds.filter((bind) => bind.host === host),
        60_000,
      );
      if (most > BINDS_PER_MINUTE_MAX) ledger.violated(`${most} binds in a minute at host ${host}`);
    }
    const refused = binds.filter(({ status }) => status === 0x0e || status === 0x0f);
    const most = mostWithin(refused, BAD_LOGINS_WITHIN_MS);
    if (most > BAD_LOGINS_MAX) ledger.violated(`${most} attempts with bad credentials in 10 minutes`);
    const lastRefused = refused.at(-1)?.at ?? Infinity;
    if (binds.some(({ at, status }) => status === 0 && at > lastRefused)) {
      ledger.saw('login works again after a refusal');
    }
  }
}

function mostWithin(binds: readonly BindSeen[], ms: Millis): number {
  let most = 0;
  let first = 0;
  binds.forEach(({ at }, index) => {
    while (binds[first]!.at <= at - ms) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}
