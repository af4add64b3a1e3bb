// Whose request it is, for the engine: who shares fairly with whom, and who shares a cache.
#pragma once

#include "http/message.h"
#include "youtu/generation.h"

namespace youtu {

// The key's owner, or else the address. What one owner's prompts left in the prefix cache is found
// by that owner only: the time of an answer would tell others that they had asked the same. Call
// after the request's own cache_salt is set.
void set_client(const http::Request& request, GenerationRequest& generation);

}  // namespace youtu
