/**
 * From a msg to the request that it makes: which SMS, and which msg their results come back in.
 *
 * One SMS whose values are at hand, as nearly all are, is read without waiting. A large array is read and checked in
 * slices, so that the event loop stays free. All SMS of an array are checked before the first is handed over: if one
 * is unsound, nothing is sent.
 * Source: contract section 3.2.
 */
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red';
import { asSmppError, printable, type SmppError } from '../../lib/errors.js';
import { checkSms } from '../../lib/gateway.js';
import { isBlank } from '../../lib/sender.js';
import type { SmsSettings } from '../shared/connection.js';
import { jsonSafeText, KEPT_CHARACTERS_MAX, type Keeping } from '../shared/json-safe.js';
import { originTail } from '../shared/origin.js';
import { TYPED_FIELDS, type ReadForm, type TypedField } from './form.js';
import type { FormWords } from './form-words.js';
import { canBeSender, readEvents } from './read-event.js';
import {
  isObject,
  neededFields,
  NOTHING_SAID,
  ofIndex,
  readOverrides,
  readSms,
  readTypedResult,
  spread,
  type Override,
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
  /** Undefined when those of the connection are wrong. */
  readonly settings: SmsSettings | undefined;
  readonly words: FormWords;
}

/** SMS read in one turn of the event loop: some milliseconds. */
const SLICE = 250;

/** The result takes its place. */
const PAYLOAD: ReadonlySet<string> = new Set(['payload']);
/** Each result has its own payload and parts, and is a msg of its own. */
const NOT_SHARED: ReadonlySet<string> = new Set(['payload', 'parts', '_msgid']);
const NOTHING: ReadonlySet<string> = new Set();

/**
 * Characters kept of all SMS of one msg together: each of them is stored with a copy of the msg's properties. At three octets
 * each they leave room in what storage keeps in one step for the texts.
 */
const KEPT_TOGETHER_MAX = 16 * 1024 * 1024;

type TypedResults = Partial<Record<TypedField, unknown>>;

/** Stand for what only a msg gives, where the rest of the form is judged. */
const SOUND: Readonly<TypedResults> = { to: '+4512345678', from: 'inMobile', text: 'text' };

export class RequestReader {
  readonly #sources: RequestSources;
  /** Of a msg that asks for one SMS. */
  readonly #keeping: Keeping;
  readonly #inputs: Readonly<Record<TypedField, TypedInput>>;
  readonly #settings: SmsSettings;

  /** @throws SMPP_OPTIONS when something in the form is wrong, whatever the msg */
  constructor(sources: RequestSources) {
    const { form, settings } = sources;
    const input = (field: TypedField): TypedInput => {
      const made = typedInput(field, form.typed[field], sources);
      return made.kind === 'fixed' ? { ...made, value: readTypedResult(field, made.value) } : made;
    };
    this.#sources = sources;
    this.#settings = settings ?? { sender: undefined, defaultCountry: undefined };
    this.#keeping = {
      without: PAYLOAD,
      charactersMax: KEPT_CHARACTERS_MAX,
      onTooLarge: warnOnce(sources.node),
    };
    this.#inputs = { to: input('to'), from: input('from'), text: input('text'), dedupe: input('dedupe') };
    // How a number is read is not known while the connection's own settings are wrong.
    if (settings !== undefined) this.#judge(settings);
  }

  /** What is the same for every SMS is wrong now, and not at the first alarm. */
  #judge(settings: SmsSettings): void {
    const typed: TypedResults = { ...SOUND };
    for (const field of TYPED_FIELDS) {
      const input = this.#inputs[field];
      if (input.kind === 'fixed' && !isBlank(input.value)) typed[field] = input.value;
    }
    const { defaults } = this.#sources.form;
    for (const override of spread(NOTHING_SAID, typed.to).list)
      checkSms(readSms(override, { defaults, typed, settings }));
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
      typed[field] = input.kind === 'fixed' ? input.value : readTypedResult(field, input.read(msg));
    }
    return this.#readWith(msg, said, typed);
  }

  async #readLate(msg: NodeMessageInFlow, said: Overrides, needed: readonly TypedField[]): Promise<Request> {
    const typed: TypedResults = {};
    for (const field of needed) {
      const input = this.#inputs[field];
      if (input.kind === 'fixed') typed[field] = input.value;
      else if (input.kind === 'prompt') typed[field] = readTypedResult(field, input.read(msg));
      else typed[field] = readTypedResult(field, (await input.read(msg)).value);
    }
    return this.#readWith(msg, said, typed);
  }

  #readWith(msg: NodeMessageInFlow, said: Overrides, typed: TypedResults): Request | Promise<Request> {
    const { form, node } = this.#sources;
    const settings = this.#settings;
    if (typed.from === undefined) typed.from = senderOf(msg as { readonly from?: unknown });
    // As a new node has it, the text is the payload, which is the SMS itself.
    const isPayload = typeof typed.text === 'object' && typed.text === msg.payload;
    if (isPayload && (saysSomething(said) || namesText(msg.payload))) typed.text = undefined;
    const asked =
      said === NOTHING_SAID ? said : readEvents(said, { typed, to: form.typed.to, settings, msg });
    const overrides = spread(asked, typed.to);
    const sources = { defaults: form.defaults, typed, settings };
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
        throw ofIndex(index, this.#inWords(asSmppError(error, 'SMPP_MESSAGE'), override));
      }
    }
    const keeping = { ...this.#keeping, without: NOTHING };
    return new ArrayRequest(list, msg, sources.typed.to, { ...this.#sources, keeping });
  }

  /** The fault of a msg in the words of the form, where that and not the payload is to blame. */
  explain(error: SmppError, { payload }: NodeMessageInFlow): SmppError {
    try {
      if (Array.isArray(payload)) return error;
      const [override] = readOverrides(payload).list;
      return override === undefined ? error : this.#inWords(error, override);
    } catch {
      return error;
    }
  }

  #inWords(error: SmppError, { given }: Override): SmppError {
    const { words, form } = this.#sources;
    return words.ofSms(error, (property) => Object.hasOwn(given, property), form.typed);
  }
}

/** Whether the payload is meant for the node, and not something else that a flow works with. */
function saysSomething({ list }: Overrides): boolean {
  return list.some(({ given }) => Object.keys(given).length > 0);
}

/** With nothing in it: then that is what is wrong. */
function namesText(payload: unknown): boolean {
  return [payload].flat().some((one) => isObject(one) && Object.hasOwn(one, 'text'));
}

/** `msg.from` where it can be a sender, which an e-mail's address cannot. */
function senderOf({ from }: { readonly from?: unknown }): unknown {
  return from !== undefined && canBeSender(from) ? readTypedResult('from', from) : undefined;
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
      messageId: this.messageId,
      parts: this.#partsOf(index),
      correlation: this.list[index]?.correlation,
    });
  }

  #partsOf(index: number): object {
    return { ...this.#parts, index };
  }
}
