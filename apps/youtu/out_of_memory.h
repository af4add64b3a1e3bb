// What happens where the system gives no more memory.
#pragma once

namespace youtu {

// The program ends with one line. Until it serves, nothing can be lost by that, and exceptions
// would also be thrown where nobody can catch them: in destructors and threads of libraries.
void end_when_out_of_memory();
// std::bad_alloc, as usual: from then on it is one request that fails.
void throw_when_out_of_memory();

}  // namespace youtu
