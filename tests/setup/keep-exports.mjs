// keep-exports.mjs BINARYEN IN OUT: takes all exports out of a module that Envoy has no use for.
//
// The SDK exports every callback of the ABI, and Envoy calls what is exported: an empty one costs a crossing of the VM's
// border for each request, and the code behind it costs space.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const KEPT = new Set([
  'memory',
  '_initialize',
  'proxy_abi_version_0_2_1',
  'proxy_on_memory_allocate',
  'proxy_on_vm_start',
  'proxy_on_configure',
  'proxy_on_tick',
  'proxy_on_context_create',
  'proxy_on_request_headers',
  'proxy_on_request_body',
  'proxy_on_response_headers',
  'proxy_on_response_body',
  'proxy_on_response_trailers',
  'proxy_on_delete',
]);

const [binaryenPackage, input, output] = process.argv.slice(2);
const { default: binaryen } = await import(pathToFileURL(path.join(binaryenPackage, 'index.js')));
const module = binaryen.readBinary(fs.readFileSync(input));
const names = [];
for (let at = 0; at < module.getNumExports(); at++) {
  names.push(binaryen.getExportInfo(module.getExportByIndex(at)).name);
}
for (const name of names) {
  if (!KEPT.has(name)) module.removeExport(name);
}
for (const name of KEPT) {
  if (!names.includes(name)) {
    console.error(`${input} has no export ${name}: Envoy needs it`);
    process.exit(1);
  }
}
fs.writeFileSync(output, module.emitBinary());
