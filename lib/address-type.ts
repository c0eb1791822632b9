/** How an address is to be read, as SMPP says it. */

/** Type of number and numbering plan indicator (SMPP 3.4 §5.2.5, §5.2.6): 0 to `TON_MAX` and `NPI_MAX`. */
export interface AddressType {
  readonly ton: number;
  readonly npi: number;
}

/** Of a sender of up to 8 digits, which is a short code of the network: network specific, unknown (contract section 4). */
export const SHORT_SENDER: AddressType = { ton: 3, npi: 0 };

export const TON_MAX = 6;
export const NPI_MAX = 18;
