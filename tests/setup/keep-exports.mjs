// keep-exports.mjs BINARYEN IN OUT: gives a module the exports that Envoy shall call, and no others.
//
// The SDK exports every callback of the ABI, and Envoy calls what is exported: an empty one costs a crossing of the VM's
// border for each request, and the code behind it costs space. The callbacks themselves are the filter's own, as the SDK's
// can't be re-entered (src/host/entry.rs); two functions of one name can't be linked, so they get theirs here.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// Of the SDK: what makes a module one of the ABI.
const KEPT = ['memory', '_initialize', 'proxy_abi_version_0_2_1', 'proxy_on_memory_allocate'];
// Of the filter, each `switchover_on_…` in the sources.
const CALLBACKS = [
  'vm_start',
  'configure',
  'tick',
  'context_create',
  'request_headers',
  'request_body',
  'request_trailers',
  'response_headers',
  'response_body',
  'response_trailers',
  'delete',
];

const [binaryenPackage, input, output] = process.argv.slice(2);
const { default: binaryen } = await import(pathToFileURL(path.join(binaryenPackage, 'index.js')));
const module = binaryen.readBinary(fs.readFileSync(input));
const found = new Map();
for (let at = 0; at < module.getNumExports(); at++) {
  const info = binaryen.getExportInfo(module.getExportByIndex(at));
  found.set(info.name, info.value);
}
const own = (callback) => `switchover_on_${callback}`;
for (const name of [...KEPT, ...CALLBACKS.map(own)]) {
  if (!found.has(name)) {
    console.error(`${input} has no export ${name}: Envoy needs it`);
    process.exit(1);
  }
}
for (const name of found.keys()) {
  if (!KEPT.includes(name)) module.removeExport(name);
}
for (const callback of CALLBACKS) {
  module.addFunctionExport(found.get(own(callback)), `proxy_on_${callback}`);
}
fs.writeFileSync(output, module.emitBinary());
