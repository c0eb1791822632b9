/**
 * From `TON/NPI`, as the form has it, to an address type; pure, and also used by the form itself.
 *
 * Source: contract section 4, where 3/0 is that of a short sender; SMPP 3.4 §5.2.5, §5.2.6.
 */
import { NPI_MAX, TON_MAX, type AddressType } from '../../lib/address-type.js';

/** Undefined when it is none. */
export function readAddressType(text: string): AddressType | undefined {
  const [, ton, npi] = /^(\d)\s*\/\s*(\d{1,2})$/.exec(text.trim()) ?? [];
  const type = { ton: Number(ton), npi: Number(npi) };
  return type.ton <= TON_MAX && type.npi <= NPI_MAX ? type : undefined;
}
