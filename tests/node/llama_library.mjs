// Which of the CPU libraries that node-llama-cpp ships llama.cpp computes with.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

// llama.cpp takes the best library for this machine; one that is loaded before is kept.
export function loadVariant(name) {
  const folder = join(here, "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64");
  const bindings = createRequire(import.meta.url)(join(folder, "llama-addon.node"));
  bindings.setEnv("GGML_BACKEND_PATH", join(folder, `libggml-cpu-${name}.so`));
  bindings.loadBackends(here); // a folder without libraries: only GGML_BACKEND_PATH counts
  bindings.setEnv("GGML_BACKEND_PATH", undefined);
}

// The best library that can run the model, where that is not llama.cpp's own choice: its kernels for
// AMX (v0.5.0) leave the matrices of single heads without a backend and end the process with an
// assertion (ggml-backend.cpp:1294). Each processor with AMX also runs the library before it.
export function workingVariant() {
  const flags = readFileSync("/proc/cpuinfo", "utf8").match(/^flags.*$/m)?.[0].split(/\s+/) ?? [];
  return flags.includes("amx_int8") ? "icelake" : undefined;
}
