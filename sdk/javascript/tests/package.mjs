// The built package, and its inner modules, which it does not export.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const folder = process.env.WEFT_JAVASCRIPT ?? join(import.meta.dirname, '../../../target/sdk/javascript');
const require = createRequire(import.meta.url);

export const { Component, JsonText } = require(folder);
export const { Entries, METADATA, DROP, BATCH } = require(join(folder, 'lib/entries.cjs'));
export const { Packet } = require(join(folder, 'lib/packet.cjs'));
export const { Batch } = require(join(folder, 'lib/batch.cjs'));
export const { Handlers } = require(join(folder, 'lib/handlers.cjs'));
export const { TYPES } = require(join(folder, 'lib/values.cjs'));

const SLOT = 2112;
const RESERVED = 16;

// Entries as the addon would fill them: packet `i` has index `i` and lies in slot `i`, 128 bytes behind its start.
export function entriesOf(...packets) {
  const memory = {
    frames: new ArrayBuffer(SLOT * (packets.length + 1)),
    metadata: new ArrayBuffer(64 * packets.length),
    tlvs: new ArrayBuffer(256 * packets.length),
    packets: packets.length,
    inputs: 1,
    outputs: 3,
  };
  const entries = new Entries(memory);
  entries.indices.fill(0xffffffff);
  packets.forEach((bytes, i) => {
    entries.begins[i] = i * SLOT + RESERVED;
    entries.offsets[i] = i * SLOT + RESERVED + 128;
    entries.ends[i] = (i + 1) * SLOT;
    entries.lengths[i] = bytes.length;
    entries.indices[i] = i;
    entries.view(i).set(bytes);
  });
  return entries;
}

export const packetOf = (entries, i = 0) => new Packet(entries, i, new Component({ reasons: ['no-room', 'asked'] }));
