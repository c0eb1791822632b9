/** Where a stored password may go: the form and the runtime ask alike; pure. */

/** What Node-RED puts into the field of a password that is stored. */
export const STORED = '__PWRD__';

/** Where the password would go: it is never sent on to another place than the one that it was entered for. */
export function passwordTarget(gateway: string, hosts: string, tls: string): string {
  if (gateway === 'simulator') return '';
  return [gateway, gateway === 'custom' ? hosts.trim() : '', tls === '_ADD_' ? '' : tls].join('\n');
}
