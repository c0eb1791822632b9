/**
 * The users of a connection that need what its account cannot do: a node that receives on an account that only
 * sends, and the other way round. They say so for good, in place of the connection's own status.
 */
import type { Node, NodeStatus } from 'node-red';
import type { Direction } from '../shared/connection.js';
import { problemStatus, type Translate } from '../shared/status.js';
import type { ConnectionSettings } from './read-options.js';

/** The connection mode in which a node that needs this can never do anything. */
const UNFIT_FOR = { send: 'receiver', receive: 'transmitter' } as const satisfies Record<Direction, string>;

export class MisplacedUsers {
  readonly #translate: Translate;
  readonly #statuses = new WeakMap<Node, NodeStatus>();

  constructor(translate: Translate) {
    this.#translate = translate;
  }

  /** Warns a user that can never do anything here, once. */
  judge(user: Node, needs: Direction, { options, isSimulated }: ConnectionSettings): void {
    if (options.connectionMode !== UNFIT_FOR[needs]) return;
    const translate = this.#translate;
    const problem = needs === 'send' ? 'receivesOnly' : 'sendsOnly';
    this.#statuses.set(user, problemStatus(problem, { isSimulated, translate }));
    user.warn(translate(`problem.${problem}`));
  }

  /** What stays below a user; undefined for one that is in its place. */
  statusOf(user: Node): NodeStatus | undefined {
    return this.#statuses.get(user);
  }
}
