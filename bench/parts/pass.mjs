// pass.mjs INDEX: counts 1 up in a byte of each packet that is this component's own.
import { Component } from 'weft-component';

const own = 8 + Number(process.argv[2]);

new Component()
  .onBatch(({ count, pool, offsets }) => {
    for (let i = 0; i < count; i++) pool[offsets[i] + own] += 1;
  })
  .run();
