/**
 * One connection between the client and a host, as octets in order: late, cut at any octet, or silently dead.
 *
 * The client's end is as much of a Duplex as the session driver uses. What real streams and TLS do is shown
 * elsewhere (test/lib/gateway.test.ts); here a write must cost next to nothing.
 */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Millis } from '../../lib/clock.js';
import { met } from './bounds-reached.js';
import type { Chance } from './chance.js';
import type { VirtualTime } from './virtual-time.js';

/** Who sits at the host's end. */
export interface HostEnd {
  /** @param sentAt when the client wrote the last of these octets */
  receive(octets: Buffer, sentAt: Millis): void;
  /** The client ended its side, or the connection broke. */
  closed(): void;
}

export interface LinkWorld {
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** How long octets take now. */
  readonly latencyMs: () => Millis;
}

interface Chunk {
  readonly octets: Buffer;
  readonly cancel: () => void;
  readonly arrive: (octets: Buffer) => void;
}

/** Octets on their way in one direction. */
class Direction {
  readonly #world: LinkWorld;
  readonly #underWay = new Set<Chunk>();
  #lastAt: Millis = 0;
  /** Whatever goes in never comes out. */
  isDead = false;
  /** When octets were lost last. */
  lostAt: Millis | undefined;

  constructor(world: LinkWorld) {
    this.#world = world;
  }

  send(octets: Buffer, kind: 'input' | 'elsewhere', arrive: (octets: Buffer) => void): void {
    const cancel = this.#after(kind, () => {
      this.#underWay.delete(chunk);
      if (this.isDead) this.lostAt = this.#world.time.now;
      else arrive(octets);
    });
    const chunk: Chunk = { octets, cancel, arrive };
    this.#underWay.add(chunk);
  }

  /** Runs `run` when everything sent so far has arrived. */
  afterAll(kind: 'input' | 'elsewhere', run: () => void): void {
    this.#after(kind, () => {
      if (!this.isDead) run();
    });
  }

  /**
   * Some of what is under way comes out now, the last of it cut at any octet; nothing after that. Returns whether
   * it was cut inside of what was written at once.
   */
  cut(): boolean {
    let isTorn = false;
    let whole = this.#world.chance.integer(0, this.#underWay.size);
    for (const { octets, cancel, arrive } of this.#underWay) {
      cancel();
      const kept = whole > 0 ? octets.length : this.#world.chance.integer(0, octets.length);
      whole -= 1;
      if (this.isDead || whole < -1 || kept < octets.length) this.lostAt = this.#world.time.now;
      if (this.isDead || whole < -1 || kept === 0) continue;
      isTorn ||= kept < octets.length;
      arrive(octets.subarray(0, kept));
    }
    this.#underWay.clear();
    this.isDead = true;
    return isTorn;
  }

  #after(kind: 'input' | 'elsewhere', run: () => void): () => void {
    const { time, latencyMs } = this.#world;
    this.#lastAt = Math.max(this.#lastAt, time.now + latencyMs());
    return time.schedule(this.#lastAt - time.now, kind, run);
  }
}

export class LossyLink {
  readonly #world: LinkWorld;
  readonly #toHost: Direction;
  readonly #toClient: Direction;
  readonly #client: ClientEnd;
  #host: HostEnd | undefined;
  #isOver = false;
  /** Since when the client hears nothing any more, without being told; undefined while it does. */
  deafSince: Millis | undefined;
  /** When the client ended it, if it was the first to do so. */
  leftAt: Millis | undefined;
  /** When it was silenced in some direction, cut, or ended by the host. */
  spoiltAt: Millis | undefined;
  /** When the client's end was closed, by whichever side. */
  closedAt: Millis | undefined;

  constructor(world: LinkWorld) {
    this.#world = world;
    this.#toHost = new Direction(world);
    this.#toClient = new Direction(world);
    this.#client = new ClientEnd({
      now: () => this.#world.time.now,
      write: (octets, sentAt) => this.#write(octets, sentAt),
      lost: () => this.lost(),
      end: () => {
        this.#left();
        this.#toHost.afterAll('elsewhere', () => this.#host?.closed());
      },
      destroyed: () => this.#clientGone(),
    });
  }

  /** The client's end, for `Connect`. */
  get stream(): Duplex {
    return this.#client as unknown as Duplex;
  }

  /** When the client went on reading last, while which it looks at no deadline. */
  get resumedAt(): Millis {
    return this.#client.isPaused ? this.#world.time.now : this.#client.resumedAt;
  }

  get isOpen(): boolean {
    return this.closedAt === undefined;
  }

  /** When octets of the client's were lost last. */
  get lostAt(): Millis | undefined {
    return this.#toHost.lostAt;
  }

  attach(host: HostEnd): void {
    this.#host = host;
  }

  /** From the host to the client; at times in two pieces. `arrived` is told with each how many octets are there. */
  send(octets: Buffer, arrived?: (upTo: number) => void): void {
    const { chance } = this.#world;
    const split = chance.happens(0.1) ? chance.integer(1, octets.length - 1) : 0;
    if (split > 0)
      this.#toClient.send(octets.subarray(0, split), 'input', (part) => {
        this.#client.receive(part, () => arrived?.(part.length));
      });
    this.#toClient.send(octets.subarray(split), 'input', (part) => {
      this.#client.receive(part, () => arrived?.(split + part.length));
    });
  }

  /** The host closes in good order, behind what it has sent. */
  end(): void {
    this.spoiltAt ??= this.#world.time.now;
    this.#toClient.afterAll('input', () => this.#client.receiveEnd());
  }

  /**
   * Reset: both ends hear of it, and some of what was under way is lost. Returns whether the client was left with
   * the beginning of a write.
   */
  cut(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.spoiltAt ??= this.#world.time.now;
    this.#toHost.cut();
    const isTorn = this.#toClient.cut();
    this.#world.time.schedule(this.#world.latencyMs(), 'input', () => this.#client.reset());
    this.#world.time.schedule(this.#world.latencyMs(), 'elsewhere', () => this.#host?.closed());
    return isTorn;
  }

  /** Octets of the client's found nobody there. */
  lost(): void {
    this.#toHost.lostAt = this.#world.time.now;
  }

  /** Dead without a word. */
  silence(direction: 'both' | 'toHost' | 'toClient'): void {
    this.spoiltAt ??= this.#world.time.now;
    if (direction !== 'toClient') this.#toHost.isDead = true;
    if (direction === 'toHost') return;
    this.#toClient.isDead = true;
    this.deafSince ??= this.#world.time.now;
  }

  /** The client's process is gone: its kernel resets the connection, unless the power went too. */
  clientDied(isPowerCut: boolean): void {
    this.closedAt ??= this.#world.time.now;
    this.#isOver = true;
    this.#client.die();
    this.#toHost.cut();
    this.#toClient.isDead = true;
    if (!isPowerCut)
      this.#world.time.schedule(this.#world.latencyMs(), 'elsewhere', () => this.#host?.closed());
  }

  /** The host takes no octets any more, until `unchoke`: they wait at the client's end. */
  choke(): void {
    this.spoiltAt ??= this.#world.time.now;
    this.#client.choke();
  }

  unchoke(): void {
    this.#client.unchoke();
  }

  #write(octets: Buffer, sentAt: Millis): void {
    this.#toHost.send(octets, 'elsewhere', (whole) => this.#host?.receive(whole, sentAt));
  }

  #left(): void {
    if (this.spoiltAt === undefined) this.leftAt ??= this.#world.time.now;
  }

  #clientGone(): void {
    this.#left();
    this.closedAt ??= this.#world.time.now;
    this.#toHost.afterAll('elsewhere', () => this.#host?.closed());
  }
}

interface Wire {
  readonly now: () => Millis;
  readonly write: (octets: Buffer, sentAt: Millis) => void;
  /** Octets that were written and not taken are no more. */
  readonly lost: () => void;
  readonly end: () => void;
  readonly destroyed: () => void;
}

/** What the session driver uses of a Duplex. */
class ClientEnd extends EventEmitter {
  readonly #wire: Wire;
  readonly #unread: { readonly octets: Buffer; readonly read: (() => void) | undefined }[] = [];
  #isEndUnread = false;
  #isPaused = false;
  #isChoked = false;
  #untaken: { readonly octets: Buffer; readonly sentAt: Millis }[] = [];
  resumedAt: Millis = -Infinity;
  writableLength = 0;
  writable = true;
  destroyed = false;

  constructor(wire: Wire) {
    super();
    this.#wire = wire;
  }

  write(octets: Buffer): boolean {
    if (!this.writable) return true;
    if (!this.#isChoked) {
      this.#wire.write(Buffer.from(octets), this.#wire.now());
      return true;
    }
    this.#untaken.push({ octets: Buffer.from(octets), sentAt: this.#wire.now() });
    this.writableLength += octets.length;
    return false;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  choke(): void {
    this.#isChoked = true;
  }

  unchoke(): void {
    this.#isChoked = false;
    const untaken = this.#untaken;
    this.#untaken = [];
    if (this.destroyed || this.writableLength === 0) return;
    for (const { octets, sentAt } of untaken) this.#wire.write(octets, sentAt);
    this.writableLength = 0;
    this.emit('drain');
  }

  #dropUntaken(): void {
    if (this.#untaken.length > 0) this.#wire.lost();
    this.#untaken = [];
  }

  end(): void {
    if (!this.writable) return;
    this.unchoke();
    this.writable = false;
    this.#wire.end();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.#dropUntaken();
    this.destroyed = true;
    this.writable = false;
    this.#wire.destroyed();
    process.nextTick(() => this.emit('close'));
  }

  /** Its process is gone: nobody is told. */
  die(): void {
    this.#dropUntaken();
    this.destroyed = true;
    this.writable = false;
  }

  pause(): void {
    this.#isPaused = true;
    if (this.writableLength > 0) met('untakenOctets', this.writableLength);
    else met('unansweredDeliveries', Infinity);
  }

  resume(): void {
    if (this.#isPaused) this.resumedAt = this.#wire.now();
    this.#isPaused = false;
    for (const { octets, read } of this.#unread.splice(0)) this.receive(octets, read);
    if (this.#isEndUnread) this.receiveEnd();
  }

  /** @param read called when it reads them, which it may put off */
  receive(octets: Buffer, read?: () => void): void {
    if (this.destroyed) return;
    if (this.#isPaused) {
      this.#unread.push({ octets, read });
      return;
    }
    read?.();
    this.emit('data', octets);
  }

  receiveEnd(): void {
    if (this.destroyed) return;
    this.#isEndUnread = this.#isPaused;
    if (this.#isPaused) return;
    this.emit('end');
    this.destroy();
  }

  reset(): void {
    if (this.destroyed) return;
    this.writable = false;
    this.emit('error', Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    this.destroy();
  }
}
