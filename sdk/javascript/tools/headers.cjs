'use strict';
// Prints the folder with node_api.h and uv.h: those of this Node.js itself, or of its Debian package.
const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');

const folders = [join(dirname(process.execPath), '..', 'include', 'node'), '/usr/include/node', '/usr/include/nodejs/src'];
const found = folders.find((folder) => existsSync(join(folder, 'node_api.h')));
if (found === undefined) {
  console.error(`weft: no node_api.h in ${folders.join(', ')}; Debian's package is libnode-dev`);
  process.exit(1);
}
console.log(found);
