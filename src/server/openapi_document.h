// The description of the HTTP API that the server gives of itself: docs/openapi.json, as it was
// when the program was built.
#pragma once

#include <string_view>

namespace youtu {

// An OpenAPI 3.1 document, as JSON.
std::string_view openapi_document();

}  // namespace youtu
