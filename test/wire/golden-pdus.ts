/** All golden PDUs. */
import { DELIVERIES } from './golden-deliveries.js';
import type { GoldenPdu } from './golden-pdu.js';
import { BINDS, HEADERS_ALONE } from './golden-session.js';
import { SUBMITS } from './golden-submits.js';

export const GOLDEN_PDUS: readonly GoldenPdu[] = [...BINDS, ...SUBMITS, ...DELIVERIES, ...HEADERS_ALONE];
