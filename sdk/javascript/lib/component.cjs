'use strict';
const { Batch } = require('./batch.cjs');
const { BATCH, Entries } = require('./entries.cjs');
const { Handlers } = require('./handlers.cjs');
const { readOptions } = require('./options.cjs');
const { Packet } = require('./packet.cjs');
const addon = require('../weft_component.node');
const { version } = require('../package.json');

const BURST_MS = 1; // packets are processed so long before timers and promises have their turn
const GOODBYE = -1;
const LOST = -2;

class Component {
  constructor(options = {}) {
    this._options = readOptions(options, `weft-javascript ${version}`);
    this._reasons = new Map(this._options.reasons.map(({ name }, i) => [name, i + 1]));
    this._handlers = new Handlers();
    this._process = null;
    this._perBatch = false;
    this._onStop = null;
    this._native = null;
    this._entries = null;
    this._batch = null;
    this._packets = [];
    this._at = 0; // packet of the batch that is being processed
    this._batchSize = 0;
    this._attached = false;
    this._scheduled = false;
    this._ending = false;
    this._again = () => {
      this._scheduled = false;
      this._pump();
    };
  }

  handler(name, options) {
    if (this._native) throw new Error(`handler '${name}': handlers are declared before run()`);
    this._handlers.add(name, options);
    return this;
  }

  onPacket(process) {
    return this._takeProcess(process, false);
  }

  onBatch(process) {
    return this._takeProcess(process, true);
  }

  onStop(stop) {
    if (typeof stop !== 'function') throw new TypeError('onStop takes a function');
    this._onStop = stop;
    return this;
  }

  get attached() {
    return this._attached;
  }

  get batchSize() {
    return this._batchSize;
  }

  get inputs() {
    return this._entries?.inputCount ?? 0;
  }

  get outputs() {
    return this._entries?.outputs ?? 0;
  }

  run({ exit = true } = {}) {
    if (this._process === null) throw new Error('a component needs onPacket or onBatch before run()');
    if (this._native) throw new Error('the component runs already');
    this._exit = exit;
    const ended = new Promise((resolve) => (this._resolve = resolve));
    this._open();
    return ended;
  }

  stop() {
    setImmediate(() => this._stop()); // not in the middle of a batch or a call
  }

  newPacket(length, headroom = 128, parent = null) {
    const size = typeof length === 'number' ? length : length.length;
    for (const number of [size, headroom]) {
      if (!(Number.isInteger(number) && number >= 0)) throw new RangeError(`${number} is no number of bytes`);
    }
    if (!this._attached || size > 0xffff_ffff || headroom > 0xffff_ffff) return null;
    if (parent !== null) this._requireAttached(parent);
    const at = parent === null ? this._native.new(size, headroom) : this._native.newFrom(parent._at, size, headroom);
    const packet = this._hold(at);
    if (packet && typeof length !== 'number') packet.bytes.set(length);
    return packet;
  }

  send(packet) {
    if (!(packet instanceof Packet) || packet._owner !== this) throw new TypeError('send takes a packet of this component');
    if (packet._entries !== this._entries) return; // It was lost with the engine it came from.
    if (this._at > 0) this.flush(this._at);
    this._requireAttached(packet);
    this._native.send(packet._at);
    packet._at = packet._entries.void;
  }

  keep(packet) {
    this._requireAttached(packet);
    return packet._at >= BATCH ? packet : this._hold(this._native.keep(packet._at));
  }

  clone(packet) {
    this._requireAttached(packet);
    return this._hold(this._native.clone(packet._at));
  }

  flush(end) {
    this._native.flush(end);
  }

  reasonNumber(reason) {
    const number = this._reasons.get(reason);
    if (number !== undefined) return number;
    const declared = [...this._reasons.keys()].join(', ') || 'none';
    throw new Error(`reason '${reason}' is not declared; declared: ${declared}; new Component({ reasons: [...] }) declares them`);
  }

  _takeProcess(process, perBatch) {
    if (typeof process !== 'function') throw new TypeError('onPacket and onBatch take a function');
    if (process.constructor.name === 'AsyncFunction') {
      throw new TypeError('onPacket and onBatch take a function that is done when it returns: keep() packets to send them later');
    }
    if (this._process !== null) throw new Error('a component has one onPacket or onBatch');
    this._process = process;
    this._perBatch = perBatch;
    return this;
  }

  _requireAttached(packet) {
    if (!this._attached || packet._entries !== this._entries) {
      throw new Error('the packet is gone: it was sent, returned, or the engine was replaced');
    }
  }

  _hold(at) {
    return at < 0 ? null : new Packet(this._entries, at, this);
  }

  _open() {
    const options = { ...this._options, handlers: this._handlers.declared };
    const call = (index, write, value, id) => {
      this._handlers.call(index, write, value, (failed, result) => this._native.answer(id, failed, result));
    };
    this._native = addon.open(options, () => this._pump(), call, (error, status) => this._takeAttachment(error, status));
    this._onTerminate = () => this._stop();
    this._onExit = (code) => code === 0 && this._native.detach(0);
    process.on('SIGTERM', this._onTerminate);
    process.on('exit', this._onExit);
    this._native.attach();
  }

  _takeAttachment(error, status) {
    if (this._ending) return;
    if (error !== undefined) {
      this._finish(status, error);
      return;
    }
    const memory = this._native.describe();
    const entries = new Entries(memory);
    this._native.view(entries.buffer);
    this._entries = entries;
    this._packets = Array.from({ length: BATCH }, (_, i) => new Packet(entries, i, this));
    this._batch = new Batch(entries, this._packets, this);
    this._attached = true;
    this._pump();
  }

  // Processes what there is for a while; then either sees to it that it is called again, or sleeps.
  _pump() {
    if (!this._attached) return;
    const until = performance.now() + BURST_MS;
    do {
      const count = this._native.receive(1);
      if (count > 0) this._processBatch(count);
      else if (count < 0) return this._takeEnd(count);
      else if (this._native.sleep()) return;
    } while (this._attached && performance.now() < until);
    this._schedule();
  }

  _schedule() {
    if (this._scheduled || !this._attached) return;
    this._scheduled = true;
    setImmediate(this._again);
  }

  _processBatch(count) {
    let done = false;
    this._batchSize = count;
    try {
      if (this._perBatch) this._processWhole(count);
      else this._processEach(count);
      this._native.flush(count);
      done = true;
    } finally {
      this._at = this._batchSize = 0;
      if (!done) this._fail();
    }
  }

  _processWhole(count) {
    this._batch.count = count;
    this._process(this._batch);
    this._batch.count = 0;
  }

  _processEach(count) {
    const process = this._process;
    const packets = this._packets;
    for (let i = 0; i < count; i++) {
      this._at = i;
      process(packets[i]);
    }
  }

  // The author's code threw. Where the process survives that, the engine is not left waiting.
  _fail() {
    this._attached = false;
    this._native.rest();
    setImmediate(() => this._native.detach(0));
  }

  _takeEnd(what) {
    if (what === GOODBYE) return void this._end();
    if (what !== LOST) return this._finish(1, this._native.error());
    this._release(1);
    this._native.attach();
  }

  _release(lost) {
    this._attached = false;
    this._entries?.forget();
    this._native.detach(lost);
  }

  _stop() {
    if (!this._native || this._ending) return;
    this._drain();
    void this._end();
  }

  // What lies in the ring is processed, but no more than fits in it: the engine may go on filling it.
  _drain() {
    for (let left = this._entries?.packets ?? 0; this._attached && left > 0; ) {
      const count = this._native.receive(0);
      if (count <= 0) return;
      this._processBatch(count);
      left -= count;
    }
  }

  async _end() {
    this._ending = true;
    this._native.rest();
    try {
      if (this._onStop) await this._onStop();
    } finally {
      this._release(0);
      this._finish(0);
    }
  }

  _finish(status, message) {
    this._ending = true;
    if (message !== undefined) process.stderr.write(`weft: ${message}\n`);
    if (this._native) {
      process.removeListener('SIGTERM', this._onTerminate);
      process.removeListener('exit', this._onExit);
    }
    if (this._exit) process.exit(status);
    this._resolve(status);
  }
}

module.exports = { Component };
