// What a command is doing, for a person who waits.
#pragma once

#include <string_view>

namespace youtu {

// One line at a terminal, on stderr, overwritten by the next; nothing in a file. An empty one
// clears it.
void show_progress(std::string_view what);

}  // namespace youtu
