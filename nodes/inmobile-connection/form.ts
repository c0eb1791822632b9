/** The connection node's properties as they may stand in a flow file (contract section 3.1). */
export interface ConnectionForm {
  readonly gateway?: unknown;
  readonly hosts?: unknown;
  readonly connectionMode?: unknown;
  readonly links?: unknown;
  readonly window?: unknown;
  readonly segmentsPerSecond?: unknown;
  readonly shortSender?: unknown;
  readonly onUncertain?: unknown;
  readonly storage?: unknown;
  readonly storageDirectory?: unknown;
  readonly tls?: unknown;
  readonly pins?: unknown;
  readonly pinMode?: unknown;
  readonly sender?: unknown;
  readonly defaultCountry?: unknown;
}

export interface ConnectionCredentials {
  readonly systemId?: string;
  readonly password?: string;
}

/** What the form has a label for, in its order. */
const FIELDS: readonly string[] = [
  'gateway',
  'hosts',
  'systemId',
  'password',
  'connectionMode',
  'sender',
  'defaultCountry',
  'onUncertain',
  'storage',
  'storageDirectory',
  'links',
  'window',
  'segmentsPerSecond',
  'shortSender',
  'tls',
  'pins',
  'pinMode',
] satisfies (keyof ConnectionForm | keyof ConnectionCredentials)[];

export function isFormField(name: string): boolean {
  return FIELDS.includes(name);
}
