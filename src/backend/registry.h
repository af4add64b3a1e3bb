// Backends by name.
#pragma once

#include <memory>
#include <string_view>

#include "backend/backend.h"
#include "base/thread_pool.h"

namespace youtu {

// `isa` is a kernel table's name ("avx512", "avx2", "scalar") or "" to choose. `pool` outlives the
// backend.
Result<std::unique_ptr<Backend>> make_cpu_backend(std::string_view isa, ThreadPool& pool,
                                                  MemoryUse memory = MemoryUse::kTaken);

}  // namespace youtu
