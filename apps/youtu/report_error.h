// How a command says that it failed: one line on stderr, and the exit code that fits.
#pragma once

#include "youtu/status.h"

namespace youtu {

// Prints "error: <message>". A status that names a parameter blames a flag (exit code 2), a
// cancelled one Ctrl-C (130), any other the model or the request (1).
int report_error(const Status& status);

}  // namespace youtu
