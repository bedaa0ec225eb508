/** Bytes that a packet lies in belong to the component until it is returned, sent or dropped; afterwards views of them
 * show whatever the engine does there, and after the engine was replaced they are empty. */

/** Types of a handler's value, and what they are in JavaScript. */
export type ValueType = 'text' | 'lines' | 'unsigned' | 'integer' | 'real' | 'bool' | 'button' | 'json' | 'bytes';

/** JSON as it is to be written, character by character. Throws a SyntaxError where it is none. */
export class JsonText {
  constructor(text: string);
  readonly text: string;
}

type Awaitable<T> = T | Promise<T>;

interface HandlerWords {
  /** Unit of the value, such as `packets`. */
  unit?: string;
  help?: string;
  /** Which values are taken: `0..65535` for numbers, either side of which may be left out, `tcp|udp` for numbers and
   * texts, `..20 bytes` for texts, lines, JSON and bytes. A command's are those of its argument, a text. Others are
   * refused before `write` or `call`. */
  limits?: string;
}

/** `Read` is what `read` may give, `Written` what `write` gets. */
interface HandlerOf<Type extends ValueType, Read, Written> extends HandlerWords {
  type: Type;
  /** Gives the value, now or as a promise. An error thrown is the answer. */
  read?: (parameter: string) => Awaitable<Read>;
  /** Takes a value of the type; `text` is how it was written. An error thrown is the answer. */
  write?: (value: Written, text: string) => unknown;
  /** Whether `read` takes a parameter; without, it gets ''. */
  parameter?: boolean;
  /** Makes it a command, which is neither read nor written: gives the result for its argument, a text that is empty
   * where the caller gives none, now or as a promise. With type `button` there is no result. */
  call?: (argument: string) => Awaitable<Read>;
}

export type Handler =
  | (Omit<HandlerOf<'text', string, string>, 'type'> & { type?: 'text' })
  /** Lines each end with a line feed; an array of strings is joined so. */
  | HandlerOf<'lines', string | string[], string>
  /** Whole numbers past Number.MAX_SAFE_INTEGER come as BigInt. */
  | HandlerOf<'unsigned', number | bigint, number | bigint>
  | HandlerOf<'integer', number | bigint, number | bigint>
  | HandlerOf<'real', number, number>
  | HandlerOf<'bool', boolean, boolean>
  | HandlerOf<'button', undefined, undefined>
  | HandlerOf<'json', unknown, any>
  | HandlerOf<'bytes', Uint8Array | ArrayBuffer, Uint8Array>;

/** A context header of MD type 2 (RFC 8300, section 2.5.1). */
export interface Tlv {
  /** Metadata class, 0 to 65535: who defines the types. */
  class: number;
  /** Type within the class, 0 to 255. */
  type: number;
  /** 0 to 127 bytes; default: none. */
  value?: Uint8Array;
  /** The bit of that name; default: false. */
  unassigned?: boolean;
}

/** The context headers of an NSH of MD type 2, changed in place; empty for other types. A change throws a RangeError where
 * they would be more than 244 bytes or a number does not fit, a TypeError where the NSH is of another type. */
export interface Tlvs extends Iterable<Required<Tlv>> {
  readonly length: number;
  /** All of them, in their order; values are copies. */
  list(): Required<Tlv>[];
  /** The value of the first of that class and type, or null. */
  find(mdClass: number, type: number): Uint8Array | null;
  /** Adds one behind the others. */
  add(tlv: Tlv): void;
  /** Gives the first of that class and type another value, or adds it. */
  set(mdClass: number, type: number, value: Uint8Array): void;
  /** Removes all of that class and type; how many there were. */
  remove(mdClass: number, type: number): number;
  /** All of them as they stand in the header, by copy. What is set is not looked into: the engine drops the packet as
   * `nsh-tlv` where it is no context headers from end to end. */
  bytes: Uint8Array;
}

/** The network service header (RFC 8300) of a packet. */
export interface Nsh {
  /** MD type: 1, 2, or 15 (of experiments). */
  readonly type: number;
  /** TTL, 0 to 63. */
  readonly ttl: number;
  /** Whether it is of an OAM packet. */
  readonly oam: boolean;
  /** What followed it: 1 IPv4, 2 IPv6, 3 Ethernet, or another number of RFC 8300, section 11.2.5. */
  readonly nextProtocol: number;
  /** Service path identifier, 0 to 16777215. */
  spi: number;
  /** Service index, 0 to 255. */
  si: number;
  /** Context of MD type 1: 16 bytes to read and write. */
  readonly context: Uint8Array;
  /** Context headers of MD type 2. */
  readonly tlvs: Tlvs;
}

/** A packet. Those handed to `onPacket` are used again for every batch: they are valid until the batch is returned,
 * and `keep()` gives one that stays. */
export interface Packet {
  /** Its bytes, in the shared memory: writing changes the packet. Get it again after push, pull, put and trim. */
  readonly bytes: Uint8Array;
  /** Bytes, 0 to 65553. */
  readonly length: number;
  /** Number of the input it came in on. */
  readonly input: number;
  /** Number of the output it leaves by, 0 unless set; -1: it is dropped. Setting it takes a drop() back. Throws a
   * RangeError for an output that there is none of. */
  output: number;
  readonly dropped: boolean;
  /** Drops it, for one of the reasons the component declared, or for the reason `component`. */
  drop(reason?: string): void;
  /** Bytes that push() can add in front. */
  readonly headroom: number;
  /** Bytes that put() can add at the end. */
  readonly tailroom: number;
  /** Adds `count` bytes in front, holding whatever lay there; false, and nothing changed, where there is no room. */
  push(count: number): boolean;
  /** Removes `count` bytes in front; false if the packet is shorter. */
  pull(count: number): boolean;
  /** Adds `count` bytes at the end, holding whatever lay there; false where there is no room. */
  put(count: number): boolean;
  /** Cuts it to `length` bytes; false if it is shorter. */
  trim(length: number): boolean;
  /** Numbers in network byte order, `offset` bytes into the packet. A RangeError past its end. */
  getUint8(offset: number): number;
  getUint16(offset: number): number;
  getUint32(offset: number): number;
  setUint8(offset: number, value: number): void;
  setUint16(offset: number, value: number): void;
  setUint32(offset: number, value: number): void;
  /** Its mark, 32 bits; 0 where it has none. */
  mark: number;
  /** Nanoseconds since 1970; 0n where it has none, which is always so without the option `timestamps`. */
  timestamp: bigint;
  /** Its network service header; null where it has none, or the function is not aware of it. */
  readonly nsh: Nsh | null;
  /** Takes it out of the batch, to be sent later with `component.send`. */
  keep(): Packet;
  /** A new packet with its bytes, metadata and output that stems from it, to be given to `component.send`; null where no
   * frame is left. */
  clone(): Packet | null;
}

/** At most 256 packets. Entry `i` of each array belongs to packet `i`, for `i` below `count`. */
export interface Batch extends Iterable<Packet> {
  readonly count: number;
  /** The memory that all packets lie in. */
  readonly pool: Uint8Array;
  /** The same memory as 32-bit words in the machine's byte order; several times faster for reading whole packets that
   * begin at a multiple of 4. */
  readonly words: Int32Array;
  /** Where each packet begins in `pool`; may be changed, from `begins[i]` on. */
  readonly offsets: Uint32Array;
  /** Bytes of each packet; may be changed, as long as it ends at `ends[i]` or before. */
  readonly lengths: Uint32Array;
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
  /** Input each came in on. */
  readonly inputs: Uint8Array;
  /** Output each leaves by: 0 unless changed. */
  readonly ports: Uint8Array;
  /** Drops packet `i`, for one of the reasons declared, or for the reason `component`. */
  drop(i: number, reason?: string): void;
  /** Bytes of packet `i`. */
  bytes(i: number): Uint8Array;
  packet(i: number): Packet;
  /** Returns the packets before `end` now, so that what is sent next leaves behind them. Default: all. */
  flush(end?: number): void;
}

export interface ComponentOptions {
  /** Reasons packets are dropped for: 1 to 64 lower-case letters, digits and '-' each; 255 at most. */
  reasons?: string[];
  /** Empty frames of 2 kB to make new packets from, 0 to 256; default 32. */
  spares?: number;
  /** Empty frames of 64 kB, 0 to 16; default 2. */
  largeSpares?: number;
  /** Whether packets come with their timestamps; default false. */
  timestamps?: boolean;
  /** Microseconds to look for packets before sleeping, 0 to 1000; default 20. */
  spinUs?: number;
  /** Path of the engine's socket; default: the environment's WEFT_COMPONENT. */
  socket?: string;
  /** Name to say to the engine; default: the environment's WEFT_COMPONENT_NAME. */
  name?: string;
}

/** A component: it is handed packets and returns them, in their order. */
export class Component {
  constructor(options?: ComponentOptions);
  /** Declares a value or command; before run(). */
  handler(name: string, handler: Handler): this;
  /** `process` is called for each packet, which leaves by output 0 unless it says otherwise. It is done when it
   * returns. An error in it ends the process with its stack on standard error and status 1. */
  onPacket(process: (packet: Packet) => void): this;
  /** `process` is called for each batch, which is returned when it is done. */
  onBatch(process: (batch: Batch) => void): this;
  /** `stop` is called when the engine said goodbye or SIGTERM came: the last chance to send what was kept. */
  onStop(stop: () => unknown): this;
  /** Attaches, and processes packets until the engine says goodbye. Attaches again when the engine was killed.
   * Timers and promises go on meanwhile. Then ends the process, or with `exit: false` fulfils the promise, with 0 after
   * a goodbye, 1 when the engine refused or could not be reached, 2 when it was not started as a component. */
  run(options?: { exit?: boolean }): Promise<number>;
  /** Leaves as after a goodbye of the engine. */
  stop(): void;
  /** A new packet of `length` bytes holding whatever lay there, or of the bytes given; null where no frame is left or
   * none is large enough. It leaves when it is given to send(). `headroom`: bytes in front, default 128.
   * It stems from `parent`, a packet of the component's: it has its NSH (also where the component sees none), the time it
   * came and its interface, but not its mark. Which of the two leaves first does not matter. A packet of a service
   * function chain that stems from none is dropped behind the component, as `nsh-no-context`. */
  newPacket(length: number | Uint8Array, headroom?: number, parent?: Packet | null): Packet | null;
  /** Sends a packet that is new, a clone or was kept. In onPacket it leaves just before the packet that is being
   * processed, in onBatch before all of the batch that flush() has not returned. It is empty afterwards. One that was
   * kept when the engine was replaced goes nowhere: it was lost with the engine. */
  send(packet: Packet): void;
  readonly attached: boolean;
  /** Packets of the batch that is being processed. */
  readonly batchSize: number;
  /** Inputs and outputs the element has; 0 before it is attached. */
  readonly inputs: number;
  readonly outputs: number;
}
