/** One connection in the sidebar. */
import type { NodeStatus } from 'node-red';
import { say as sayOf } from '../shared/catalogue.editor.js';
import { nodeStatus } from '../shared/status.js';
import type { EpochMs } from '../../lib/clock.js';
import { element, write } from './elements.editor.js';
import { Events } from './events.editor.js';
import { Links } from './links.editor.js';
import { Outcomes } from './outcomes.editor.js';
import type { ConnectionView } from './overview.js';
import { Plot } from './plot.editor.js';
import { QueueSection } from './queue.editor.js';
import { SimulatorSection } from './simulator.editor.js';

export interface ConnectionOptions {
  readonly id: string;
  /** The user may change nodes. */
  readonly mayChange: boolean;
  /** Something was done: look again. */
  readonly changed: () => void;
}

export class ConnectionCard {
  readonly element: HTMLElement;
  readonly #options: ConnectionOptions;
  readonly #dot = element('span', 'dot');
  readonly #name = element('span', 'name');
  readonly #status = element('span', 'status');
  readonly #links = new Links();
  readonly #plot = new Plot();
  readonly #outcomes = new Outcomes();
  readonly #events = new Events();
  readonly #queue: QueueSection;
  #simulator: SimulatorSection | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#queue = new QueueSection({ connection: options.id, mayChange: options.mayChange });
    this.element = element(
      'section',
      'connection',
      element('header', '', this.#dot, this.#name, this.#status),
      this.#links.element,
      this.#plot.element,
      this.#outcomes.element,
      this.#queue.element,
      this.#events.element,
    );
    this.element.dataset.connection = options.id;
  }

  update(view: ConnectionView, now: EpochMs): void {
    const { name, status, rates, events, simulator } = view;
    const { fill, shape, text } = shownStatus(view, now);
    write(this.#name, name === '' ? labelOf(this.#options.id) : name);
    write(this.#status, text ?? '');
    this.#dot.style.color = `var(--red-ui-node-status-colors-${fill ?? 'grey'})`;
    this.#dot.dataset.shape = shape ?? '';
    this.#links.update(status.links, now);
    this.#plot.update(rates);
    this.#outcomes.update(status.counters);
    this.#queue.update(status);
    this.#events.update(events, now);
    if (simulator === undefined) this.#removeSimulatorSection();
    else if (this.#options.mayChange) this.#simulatorSection().update(simulator);
  }

  #simulatorSection(): SimulatorSection {
    if (this.#simulator !== undefined) return this.#simulator;
    const made = new SimulatorSection(this.#options.id, this.#options.changed);
    this.#simulator = made;
    this.element.append(made.element);
    return made;
  }

  /** A deploy may have made a real gateway of the simulated one. */
  #removeSimulatorSection(): void {
    this.#simulator?.element.remove();
    this.#simulator = undefined;
  }
}

/** The same as below the nodes, in the browser's language. */
function shownStatus({ status, waitingForMs, simulator }: ConnectionView, now: EpochMs): NodeStatus {
  const translate = (key: string, blanks = {}): string => sayOf('inmobile-connection', key, blanks);
  const isSimulated = simulator !== undefined;
  return nodeStatus(status, { now, isSimulated, waitingForMs, translate });
}

/** What the editor calls a connection without a name. */
export function labelOf(id: string): string {
  const node = RED.nodes.node(id);
  return node ? RED.utils.getNodeLabel(node, id) : id;
}
