// `node module.mjs MODULE SECONDS BODY…`: as native.rs, in the engine of Envoy. --no-liftoff, as Envoy compiles.
import { readFileSync } from 'node:fs';

const [path, seconds, ...bodies] = process.argv.slice(2);
const wasi = new Proxy({}, { get: () => () => 0, has: () => true });
const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), { wasi_snapshot_preview1: wasi, env: wasi });
const { _initialize, room, ask, memory } = instance.exports;
_initialize?.();
for (const body of bodies) {
  const bytes = readFileSync(body);
  const at = room(bytes.length);
  new Uint8Array(memory.buffer).set(bytes, at);
  ['find', 'tree', 'copy'].forEach((name, question) => {
    const answer = ask(question, 1);
    const once = performance.now();
    ask(question, 3);
    const rounds = Math.min(100_000, Math.max(1, Math.floor(6 / (performance.now() - once + 1e-6))));
    const times = [];
    for (const start = performance.now(); performance.now() - start < seconds * 1000;) {
      const round = performance.now();
      ask(question, rounds);
      times.push((performance.now() - round) * 1000 / rounds);
    }
    console.log(`${name} ${body} ${answer} ${JSON.stringify(times)}`);
  });
}
