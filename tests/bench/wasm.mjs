// What the filter itself costs as WebAssembly: V8, as in Envoy, with a host that does as little as it can.
//
// `node tests/bench/wasm.mjs [MODULE]` prints, for each workload, processor time of one exchange and its hostcalls.
// With `node --cpu-prof` and a module that kept its names (CARGO_PROFILE_RELEASE_STRIP=false) it shows where they go.
import { readFileSync } from 'node:fs';

const MODULE = process.argv[2] ?? 'dist/switchover.wasm';
const ONLY = process.env.BENCH_ONLY ?? '';
const OK = 0, NOT_FOUND = 1;
const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);

const CONFIG = {
  version: 1,
  targets: [
    { id: 'openai', provider: 'openai', endpoint: 'http://127.0.0.1:1/v1', model: 'gpt-5.4-mini' },
    { id: 'claude', provider: 'anthropic', endpoint: 'http://127.0.0.1:1', model: 'claude', max_output_tokens: 8192 },
  ],
  model_groups: [
    { name: 'to-openai', targets: [{ id: 'openai' }] },
    { name: 'to-anthropic', targets: [{ id: 'claude' }] },
  ],
};

/** The filter in a VM of its own, and the host it talks to. */
class Vm {
  constructor(module) {
    this.calls = 0;
    this.contexts = new Map(); // number → {maps: {0, 2}, buffers: {0, 1}, properties, answer}
    this.current = 0;
    this.instance = new WebAssembly.Instance(module, { env: this.host(), wasi_snapshot_preview1: this.wasi() });
    this.wasm = this.instance.exports;
    this.wasm._initialize?.();
    this.next = 10;
    for (const [root, name] of [[1, 'router'], [2, 'translator']]) {
      this.contexts.set(root, { properties: { plugin_root_id: encode(name) }, buffers: { 7: encode(JSON.stringify(CONFIG)) }, maps: {} });
      this.current = root;
      this.wasm.proxy_on_context_create(root, 0);
      this.wasm.proxy_on_vm_start(root, 0);
      if (!this.wasm.proxy_on_configure(root, this.contexts.get(root).buffers[7].length)) throw new Error('not configured');
    }
  }

  get memory() { return new Uint8Array(this.wasm.memory.buffer); }
  bytes(at, size) { return this.memory.slice(at, at + size); }
  text(at, size) { return decode(this.memory.subarray(at, at + size)); }
  word(at, value) { new DataView(this.wasm.memory.buffer).setUint32(at, value, true); }

  give(bytes, data, size) {
    const at = bytes.length ? this.wasm.proxy_on_memory_allocate(bytes.length) : 0;
    this.memory.set(bytes, at);
    this.word(data, at);
    this.word(size, bytes.length);
    return OK;
  }

  host() {
    const of = () => this.contexts.get(this.current);
    const calls = {
      proxy_log: (level, at, size) => { if (level > 2) console.error(this.text(at, size)); return OK; },
      proxy_get_current_time_nanoseconds: (at) => { new DataView(this.wasm.memory.buffer).setBigUint64(at, 1700000000000000000n, true); return OK; },
      proxy_get_buffer_bytes: (kind, start, most, data, size) => {
        const buffer = of().buffers[kind];
        return buffer ? this.give(buffer.subarray(start, start + most), data, size) : NOT_FOUND;
      },
      proxy_set_buffer_bytes: (kind, start, size, at, length) => {
        const { buffers } = of();
        const fresh = this.bytes(at, length);
        if (start === 0 && size >= buffers[kind].length) buffers[kind] = fresh;
        else if (start === 0) {
          const rest = buffers[kind].subarray(size);
          buffers[kind] = new Uint8Array(fresh.length + rest.length);
          buffers[kind].set(fresh);
          buffers[kind].set(rest, fresh.length);
        } else throw new Error('Envoy replaces at the start only');
        return OK;
      },
      proxy_get_header_map_pairs: (map, data, size) => this.give(of().maps[map], data, size),
      proxy_set_header_map_pairs: (map, at, size) => { of().maps[map] = this.bytes(at, size); return OK; },
      proxy_replace_header_map_value: () => OK,
      proxy_remove_header_map_value: () => OK,
      proxy_get_property: (at, size, data, out) => {
        const value = of().properties[this.text(at, size).replaceAll('\0', '.')] ?? this.shared[this.text(at, size)];
        return value ? this.give(value, data, out) : NOT_FOUND;
      },
      proxy_set_property: (at, size, value, length) => { this.shared[this.text(at, size)] = this.bytes(value, length); return OK; },
      proxy_get_shared_data: () => NOT_FOUND,
      proxy_send_local_response: (status, details, length, body, size) => { throw new Error(`answered ${status}: ${this.text(body, size)}`); },
      proxy_call_foreign_function: (name, size, args, length, data, out) => { this.word(data, 0); this.word(out, 0); return OK; },
      proxy_define_metric: (kind, name, size, id) => { this.word(id, 1); return OK; },
      proxy_get_log_level: (at) => { this.word(at, 2); return OK; },
    };
    this.shared = {};
    return new Proxy({}, {
      get: (_, name) => (...args) => { this.calls += 1; return (calls[name] ?? (() => OK))(...args); },
      has: () => true,
    });
  }

  wasi() {
    const calls = {
      random_get: (at, size) => { crypto.getRandomValues(new Uint8Array(this.wasm.memory.buffer, at, size)); return 0; },
      environ_sizes_get: (count, size) => { this.word(count, 0); this.word(size, 0); return 0; },
      proc_exit: (code) => { throw new Error(`the filter exited with ${code}`); },
    };
    return new Proxy({}, { get: (_, name) => calls[name] ?? (() => 0) });
  }

  in(context, call, ...args) {
    this.current = context;
    return this.wasm[call](context, ...args);
  }

  /** One exchange: request through both roles, answer in `chunks` through the translator. What the provider got, what the caller got. */
  exchange(request, target, chunks, type) {
    const router = this.next++, translator = this.next++;
    const headers = pairs({ ':method': 'POST', ':path': '/v1/chat/completions', ':authority': 'bench', ':scheme': 'http', 'content-type': 'application/json', 'content-length': String(request.length), 'x-request-id': '6c2c4b9e-5a5f-4e0e-9a40-6f0f2c9e5a5f', 'x-forwarded-proto': 'http' });
    this.contexts.set(router, { maps: { 0: headers }, buffers: { 0: request }, properties: {} });
    this.in(router, 'proxy_on_context_create', 1);
    this.in(router, 'proxy_on_request_headers', 8, 0);
    this.in(router, 'proxy_on_request_body', request.length, 1);
    const upstream = {
      maps: { 0: this.contexts.get(router).maps[0], 2: pairs({ ':status': '200', 'content-type': type, 'x-envoy-upstream-service-time': '1', date: 'Sat, 21 Nov 2026 10:00:00 GMT' }) },
      buffers: { 0: request }, properties: { 'xds.upstream_host_metadata.filter_metadata.switchover.target': target },
    };
    this.contexts.set(translator, upstream);
    this.in(translator, 'proxy_on_context_create', 2);
    this.in(translator, 'proxy_on_request_headers', 8, 0);
    this.in(translator, 'proxy_on_request_body', request.length, 1);
    this.in(translator, 'proxy_on_response_headers', 4, 0);
    const got = [];
    // What the filter holds back and leaves where it is comes again with the next piece.
    let kept = new Uint8Array(0);
    chunks.forEach((chunk, place) => {
      const piece = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      upstream.buffers[1] = piece;
      const paused = this.in(translator, 'proxy_on_response_body', piece.length, place === chunks.length - 1 ? 1 : 0) === 1;
      kept = paused && upstream.buffers[1] === piece ? piece : new Uint8Array(0);
      if (!paused) got.push(upstream.buffers[1]);
    });
    this.contexts.get(router).maps[2] = upstream.maps[2];
    this.in(router, 'proxy_on_response_headers', 4, 0);
    for (const context of [translator, router]) {
      this.in(context, 'proxy_on_delete');
      this.contexts.delete(context);
    }
    return { sent: upstream.buffers[0], got };
  }
}

function pairs(headers) {
  const list = Object.entries(headers).map((pair) => pair.map(encode));
  const out = new Uint8Array(4 + list.reduce((sum, [name, value]) => sum + name.length + value.length + 10, 0));
  const view = new DataView(out.buffer);
  view.setUint32(0, list.length, true);
  let at = 4 + 8 * list.length;
  list.forEach(([name, value], place) => {
    view.setUint32(4 + 8 * place, name.length, true);
    view.setUint32(8 + 8 * place, value.length, true);
    out.set(name, at);
    out.set(value, at + name.length + 1);
    at += name.length + value.length + 2;
  });
  return out;
}

const WORDS = 'The quick brown fox said "hello" to the lazy dog — naïve café, 42 times over.\n';
const escaped = (text) => JSON.stringify(text).replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** As tests/bench/bodies.py makes them. */
function chat(size, model, stream) {
  const tool = (number) => ({ type: 'function', function: { name: `tool_${number}`, description: 'Does something useful.', parameters: { type: 'object', properties: Object.fromEntries([0, 1, 2, 3, 4].map((place) => [`field_${place}`, { type: 'string', description: `Argument ${place} of the tool` }])), required: ['field_0'], additionalProperties: false } } });
  const more = size >= 16384 ? `, "tools": ${JSON.stringify(Array.from({ length: 10 }, (_, n) => tool(n)), null, 1).replace(/\n */g, ' ')}` : '';
  const turns = size < 4096 ? 1 : 9;
  const left = size - 120 - more.length - 60 * turns;
  const text = escaped(WORDS.repeat(Math.ceil(left / turns / escaped(WORDS).length)).slice(0, Math.max(1, left / turns)));
  const messages = Array.from({ length: turns }, (_, turn) => `{"role": "${['user', 'assistant'][turn % 2]}", "content": ${text}}`);
  return encode(`{"model": "${model}", "messages": [{"role": "system", "content": "You are a helpful assistant."}, ${messages.join(', ')}], "temperature": 0.2${stream ? ', "stream": true' : ''}${more}}`);
}

const openai = JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5.4-mini', choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there, how are you today?' }, finish_reason: 'stop' }], usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 } });
const claude = JSON.stringify({ id: 'm', type: 'message', role: 'assistant', model: 'claude', content: [{ type: 'text', text: 'Hello there, how are you today?' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 9, output_tokens: 12 } });
const chunk = (delta, end = 'null') => `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5.4-mini","system_fingerprint":"fp_1","choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${end}}]}\n\n`;
const openaiStream = [chunk('{"role":"assistant","content":"","refusal":null}'), ...Array.from({ length: 50 }, (_, n) => chunk(`{"content":" token${n}"}`)), chunk('{}', '"stop"'), 'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-5.4-mini","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":50,"total_tokens":59}}\n\n', 'data: [DONE]\n\n'];
const named = (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const claudeStream = [
  named({ type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 9, output_tokens: 1 } } }),
  named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }), named({ type: 'ping' }),
  ...Array.from({ length: 50 }, (_, n) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ` token${n}` } })),
  named({ type: 'content_block_stop', index: 0 }), named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 50 } }), named({ type: 'message_stop' }),
];

const vm = new Vm(new WebAssembly.Module(readFileSync(MODULE)));
console.log('workload                           µs  hostcalls');
for (const [name, group, target, whole, stream] of [['OpenAI', 'to-openai', 'openai', openai, openaiStream], ['Anthropic', 'to-anthropic', 'claude', claude, claudeStream]]) {
  const json = [[encode(whole)], 'application/json'], events = 'text/event-stream';
  const workloads = [
    ['chat 1 KB', chat(1024, group), ...json, 20000], ['chat 32 KB', chat(32768, group), ...json, 6000], ['chat 1 MB', chat(1 << 20, group), ...json, 200],
    ['50 events, each by itself', chat(1024, group, true), stream.map(encode), events, 4000],
    ['50 events at once', chat(1024, group, true), [encode(stream.join(''))], events, 4000],
  ];
  for (const [workload, body, chunks, type, rounds] of workloads) {
    if (!`${workload} to ${name}`.includes(ONLY)) continue;
    const run = () => vm.exchange(body, encode(target), chunks, type);
    for (let round = 0; round < rounds; round += 1) run();
    const times = [];
    for (let batch = 0; batch < 10; batch += 1) {
      const before = process.cpuUsage().user;
      for (let round = 0; round < rounds / 10; round += 1) run();
      times.push((process.cpuUsage().user - before) / (rounds / 10));
    }
    vm.calls = 0;
    const { sent, got } = run();
    if (process.env.SHOW) console.log(decode(sent).slice(0, 300), '\n', decode(got[got.length - 1]).slice(0, 300));
    console.log(`${(workload + ' to ' + name).padEnd(38)} ${Math.min(...times).toFixed(1).padStart(7)}  ${vm.calls}`);
  }
}
console.log(`memory: ${(vm.wasm.memory.buffer.byteLength / 1048576).toFixed(1)} MiB`);
