/** An SMS that a phone sends to an account, and how that ends. */

export interface IncomingSms {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly flash?: boolean;
  /** How a long text is carried. Default `udh8`. */
  readonly longMessage?: 'udh8' | 'udh16' | 'sar' | 'payload';
  /** Reference of a long message's parts. Default: one of its own. */
  readonly reference?: number;
  /** Which parts come, in this order, from 1. Default: all in their order. */
  readonly parts?: readonly number[];
  /** Overrides the message: any octets in any data coding. */
  readonly binary?: { readonly octets: Uint8Array; readonly dataCoding: number };
  /** The account. Default: whichever is bound to receive, or the next that is. */
  readonly systemId?: string;
}

/** How a deliver_sm ended: accepted by the client, refused for good, or given up by the simulator. */
export type DeliveryOutcome = 'accepted' | 'refused' | 'dropped';
