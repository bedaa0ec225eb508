// Replaces the first 32-bit word of a packet by the XOR of its first sixteen.
import { Component } from 'weft-component';

const WORDS = 16;

new Component()
  .onBatch((batch) => {
    const { count, words, offsets } = batch;
    for (let i = 0; i < count; i++) {
      const start = offsets[i] >>> 2;
      let sum = 0;
      for (let at = 0; at < WORDS; at++) sum ^= words[start + at];
      words[start] = sum;
    }
  })
  .run();
