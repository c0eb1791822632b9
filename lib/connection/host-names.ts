/**
 * Names to addresses, so that a slow or missing name server does the least harm.
 *
 * A lookup cannot be cancelled and takes one of the few threads that writing to disk needs too, so there is
 * never more than one under way for a name. Addresses that once worked serve on when the name server fails:
 * that is safe, because the peer still has to prove by its certificate that it is the host.
 */
import { promises as dns } from 'node:dns';

export interface Address {
  readonly address: string;
  readonly family: number;
}

export type Lookup = (host: string) => Promise<readonly Address[]>;

export class HostNames {
  readonly #lookup: Lookup;
  readonly #underWay = new Map<string, Promise<readonly Address[]>>();
  readonly #lastKnown = new Map<string, readonly Address[]>();

  /** @param lookup the machine's own, but for tests */
  constructor(lookup: Lookup = (host) => dns.lookup(host, { all: true })) {
    this.#lookup = lookup;
  }

  /** All addresses of a name, in the name server's order; of an address, itself. */
  lookUp(host: string): Promise<readonly Address[]> {
    const underWay = this.#underWay.get(host);
    if (underWay !== undefined) return underWay;
    const lookup = this.#lookUp(host).finally(() => this.#underWay.delete(host));
    this.#underWay.set(host, lookup);
    return lookup;
  }

  /** What the last lookup that succeeded gave. */
  lastKnown(host: string): readonly Address[] | undefined {
    return this.#lastKnown.get(host);
  }

  async #lookUp(host: string): Promise<readonly Address[]> {
    const addresses = await this.#lookup(host);
    this.#lastKnown.set(host, addresses);
    return addresses;
  }
}
