/**
 * The built package, which is what is measured: types come from the sources, values from dist/.
 *
 * Child processes run in the checkout's folder.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Certificate from '../lib/simulator/certificate.js';
import type * as Decode from '../lib/pdu/decode.js';
import type * as Encode from '../lib/pdu/encode.js';
import type * as GatewayModule from '../lib/gateway.js';
import type * as Segmenter from '../lib/text/segmenter.js';
import type * as SessionDriverModule from '../lib/connection/session-driver.js';
import type * as TimersModule from '../lib/timers.js';
import type * as UserData from '../lib/text/user-data.js';
import type * as ClockModule from '../lib/clock.js';

interface Built {
  readonly 'clock.js': typeof ClockModule;
  readonly 'connection/session-driver.js': typeof SessionDriverModule;
  readonly 'gateway.js': typeof GatewayModule;
  readonly 'pdu/decode.js': typeof Decode;
  readonly 'pdu/encode.js': typeof Encode;
  readonly 'simulator/certificate.js': typeof Certificate;
  readonly 'text/segmenter.js': typeof Segmenter;
  readonly 'text/user-data.js': typeof UserData;
  readonly 'timers.js': typeof TimersModule;
}

const requireFromRoot = createRequire(path.join(process.cwd(), 'package.json'));

/** A module of the library, by its path below lib/. */
export function built<Name extends keyof Built>(name: Name): Built[Name] {
  return requireFromRoot(`./dist/lib/${name}`) as Built[Name];
}
