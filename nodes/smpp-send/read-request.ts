/**
 * From a msg to the request that it makes: which SMS, and which msg their results come back in.
 *
 * One SMS whose values are at hand, as nearly all are, is read without waiting. A large array is read and checked in
 * slices, so that the event loop stays free. All SMS of an array are checked before the first is handed over: if one
 * is unsound, nothing is sent.
 * Source: contract section 3.2.
 */
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red';
import { asSmppError, printable, SmppError } from '../../lib/errors.js';
import { checkSms } from '../../lib/gateway.js';
import type { CountryCode } from '../../lib/phone-number.js';
import { jsonSafeText, KEPT_CHARACTERS_MAX, type Keeping } from '../shared/json-safe.js';
import { originTail } from '../shared/origin.js';
import type { ReadForm, TypedField } from './form.js';
import {
  formFirst,
  neededFields,
  readOverrides,
  readSms,
  spread,
  type Overrides,
  type SmsDraft,
  type SmsSources,
} from './read-sms.js';
import type { Request } from './submissions.js';
import { typedInput, type TypedInput } from './typed-input.js';

export interface RequestSources {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly form: ReadForm;
  readonly country: CountryCode | undefined;
}

/** SMS read in one turn of the event loop: some milliseconds. */
const SLICE = 250;

/** The result takes its place. */
const PAYLOAD: ReadonlySet<string> = new Set(['payload']);
/** Each result has its own payload and parts, and is a msg of its own. */
const NOT_SHARED: ReadonlySet<string> = new Set(['payload', 'parts', '_msgid']);
const NOTHING: ReadonlySet<string> = new Set();

/** Kept of all SMS of one msg together: each of them is stored with a copy of the msg's properties. */
const KEPT_TOGETHER_MAX = 32 * 1024 * 1024;

type TypedResults = Partial<Record<TypedField, unknown>>;

export class RequestReader {
  readonly #sources: RequestSources;
  /** Of a msg that asks for one SMS. */
  readonly #keeping: Keeping;
  readonly #inputs: Readonly<Record<TypedField, TypedInput>>;

  constructor(sources: RequestSources) {
    const { form } = sources;
    const input = (field: TypedField): TypedInput => typedInput(field, form.typed[field], sources);
    this.#sources = sources;
    this.#keeping = {
      without: PAYLOAD,
      charactersMax: KEPT_CHARACTERS_MAX,
      onTooLarge: warnOnce(sources.node),
    };
    this.#inputs = { to: input('to'), from: input('from'), text: input('text') };
  }

  /**
   * Reads a msg; a promise only where there is something to wait for.
   *
   * @throws SMPP_MESSAGE naming the property at fault, and the index where there are several SMS
   */
  read(msg: NodeMessageInFlow): Request | Promise<Request> {
    const said = readOverrides(msg.payload);
    const needed = neededFields(said);
    const typed: TypedResults = {};
    for (const field of needed) {
      const input = this.#inputs[field];
      if (input.kind === 'late') return this.#readLate(msg, said, needed);
      typed[field] = input.read(msg);
    }
    return this.#readWith(msg, said, typed);
  }

  async #readLate(msg: NodeMessageInFlow, said: Overrides, needed: readonly TypedField[]): Promise<Request> {
    const typed: TypedResults = {};
    for (const field of needed) {
      const input = this.#inputs[field];
      typed[field] = input.kind === 'prompt' ? input.read(msg) : (await input.read(msg)).value;
    }
    return this.#readWith(msg, said, typed);
  }

  #readWith(msg: NodeMessageInFlow, said: Overrides, typed: TypedResults): Request | Promise<Request> {
    const { form, country, node } = this.#sources;
    const overrides = spread(formFirst(said, typed), typed.to);
    const sources = { defaults: form.defaults, typed, country };
    const [override] = overrides.list;
    if (overrides.isArray || override === undefined) return this.#readSeveral(msg, overrides, sources);
    const sms = readSms(override, sources);
    // The gateway checks an SMS as it takes it in; a correlation it would get wrapped.
    if (sms.correlation !== undefined) checkSms(sms);
    return new SingleRequest(sms, msg, node, this.#keeping);
  }

  async #readSeveral(msg: NodeMessageInFlow, overrides: Overrides, sources: SmsSources): Promise<Request> {
    const list: SmsDraft[] = [];
    for (const [index, override] of overrides.list.entries()) {
      if (index > 0 && index % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      try {
        const sms = readSms(override, sources);
        checkSms(sms);
        list.push(sms);
      } catch (error) {
        throw ofIndex(index, asSmppError(error, 'SMPP_MESSAGE'));
      }
    }
    const keeping = { ...this.#keeping, without: NOTHING };
    return new ArrayRequest(list, msg, sources.typed.to, { ...this.#sources, keeping });
  }
}

/** Properties that a node names as too large; more come of names that are made up for each msg. */
const NAMED_MAX = 50;

/** Names a property of the msg that is too large to keep, once. */
function warnOnce(node: Node): (property: string) => void {
  const named = new Set<string>();
  return (property) => {
    if (named.has(property) || named.size >= NAMED_MAX) return;
    named.add(property);
    const name = printable(property.slice(0, 100));
    node.warn(
      `msg.${name} is too large to keep: receipts, and results after a restart or a deploy, come without it`,
    );
  };
}

function ofIndex(index: number, error: SmppError): SmppError {
  const message = `SMS ${index} of the array: ${error.message}; nothing was sent`;
  return new SmppError(error.code, message, {
    cause: error,
    ...(error.field !== undefined && { field: error.field }),
  });
}

/** One SMS: its result comes in the msg itself. */
class SingleRequest implements Request {
  readonly list: readonly SmsDraft[];
  readonly #msg: NodeMessageInFlow;
  readonly #node: Node;
  readonly #keeping: Keeping;

  constructor(sms: SmsDraft, msg: NodeMessageInFlow, node: Node, keeping: Keeping) {
    this.list = [sms];
    this.#msg = msg;
    this.#node = node;
    this.#keeping = keeping;
  }

  get messageId(): string {
    return this.#msg._msgid;
  }

  message(): NodeMessage {
    return this.#msg;
  }

  originTail(): string {
    return originTail({
      node: this.#node.id,
      msg: jsonSafeText(this.#msg, this.#keeping),
      correlation: this.list[0]?.correlation,
    });
  }
}

/** One msg out for each SMS, with `msg.parts` for a Join node; a sequence that the msg is part of is nested. */
class ArrayRequest implements Request {
  readonly list: readonly SmsDraft[];
  readonly messageId: string;
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #shared: NodeMessage;
  readonly #kept: string;
  readonly #parts: object;

  /** @param recipients the list itself is not repeated in every one of its results */
  constructor(
    list: readonly SmsDraft[],
    msg: NodeMessageInFlow,
    recipients: unknown,
    { RED, node, keeping }: Pick<RequestSources, 'RED' | 'node'> & { readonly keeping: Keeping },
  ) {
    const isRecipients = (value: unknown): boolean => Array.isArray(value) && value === recipients;
    this.list = list;
    this.messageId = msg._msgid;
    this.#RED = RED;
    this.#node = node;
    this.#shared = Object.fromEntries(
      Object.entries(msg).filter(([name, value]) => !NOT_SHARED.has(name) && !isRecipients(value)),
    );
    const charactersMax = Math.min(keeping.charactersMax, KEPT_TOGETHER_MAX / list.length);
    this.#kept = jsonSafeText(this.#shared, { ...keeping, charactersMax });
    this.#parts = {
      ...(msg.parts !== undefined && { parts: msg.parts }),
      id: RED.util.generateId(),
      type: 'array',
      count: list.length,
    };
  }

  message(index: number): NodeMessage {
    return Object.assign(this.#RED.util.cloneMessage(this.#shared), { parts: this.#partsOf(index) });
  }

  originTail(index: number): string {
    return originTail({
      node: this.#node.id,
      msg: this.#kept,
      parts: this.#partsOf(index),
      correlation: this.list[index]?.correlation,
    });
  }

  #partsOf(index: number): object {
    return { ...this.#parts, index };
  }
}
