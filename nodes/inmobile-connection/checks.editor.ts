/**
 * What the form of the connection node can tell about its fields before the runtime sees them; pure.
 *
 * The runtime checks everything again (`read-options.ts`).
 */
import type { Problem } from '../shared/catalogue.editor.js';
import { readHosts } from './read-hosts.js';

/** SHA-256 of a public key, in base64, as it is or as curl and browsers write it. */
const PIN = /^(sha256\/)?[A-Za-z0-9+/]{43}=$/;

export function hostsProblem(hosts: string): Problem | undefined {
  try {
    readHosts(hosts);
    return undefined;
  } catch {
    return 'hosts';
  }
}

export function pinsProblem(pins: string): Problem | undefined {
  const wrong = pins.split(/[\s,]+/).find((pin) => pin !== '' && !PIN.test(pin));
  return wrong === undefined ? undefined : 'pins';
}
