/**
 * What the form of the connection node can tell about its fields before the runtime sees them; pure.
 *
 * The runtime checks everything again (`read-options.ts`).
 */
import { PASSWORD_MAX, SYSTEM_ID_MAX } from '../../lib/inmobile.js';
import { liveValue, type Problem } from '../shared/catalogue.editor.js';
import { STORED } from './password-target.js';
import { readAddressType } from './read-address-type.js';
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

export function addressTypeProblem(type: string): Problem | undefined {
  return type.trim() === '' || readAddressType(type) !== undefined ? undefined : 'addressType';
}

export function systemIdProblem(systemId: string, gateway: string): Problem | undefined {
  if (gateway === 'simulator') return undefined;
  const { length } = systemId.trim();
  if (length === 0) return 'systemId';
  return length > SYSTEM_ID_MAX ? ['tooLong', { length, max: SYSTEM_ID_MAX }] : undefined;
}

export function passwordProblem(password: string, gateway: string): Problem | undefined {
  if (gateway === 'simulator' || password === STORED) return undefined;
  const { length } = password;
  if (length === 0) return 'password';
  return length > PASSWORD_MAX ? ['tooLong', { length, max: PASSWORD_MAX }] : undefined;
}

/**
 * An account that is needed and not there: the editor judges credentials only while their form is open.
 *
 * @param credentials as the editor has them; undefined when it has not asked for them yet
 */
export function accountProblem(gateway: string, credentials: unknown): Problem | undefined {
  if (gateway === 'simulator' || typeof credentials !== 'object' || credentials === null) return undefined;
  const saved = credentials as { systemId?: unknown; password?: unknown; has_password?: unknown };
  const systemId = liveValue('#node-config-input-systemId', saved.systemId);
  const password = liveValue(
    '#node-config-input-password',
    saved.has_password === true ? STORED : saved.password,
  );
  return systemId === '' || password === '' ? 'account' : undefined;
}
