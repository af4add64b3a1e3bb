// What a server takes of memory, put into words: a line for its start, a table and JSON for
// `youtu plan`, and the error where it does not fit.
#pragma once

#include <cstdint>
#include <string>

#include "config/server_config.h"
#include "youtu/memory_plan.h"
#include "youtu/status.h"

namespace youtu {

// What is taken beside the engine, as clients come: at most so much.
struct ServerBuffers {
  int64_t connection_bytes = 0;  // bodies, heads, and what is still to be sent
  int64_t session_bytes = 0;     // of those that are open for a turn
};
ServerBuffers server_buffers(const ServerConfig& config);

// "12.0 MiB"
std::string bytes_text(int64_t bytes);

std::string memory_line(const MemoryReport& report, const ServerBuffers& buffers);
std::string memory_table(const MemoryReport& report, const ServerBuffers& buffers);
std::string memory_json(const MemoryReport& report, const ServerBuffers& buffers);

// Ok if what is taken at the start fits; otherwise how much is missing, and what would help.
Status check_memory(const MemoryReport& report);

}  // namespace youtu
