// GET / and GET /assets/…: the web page, with rules that let nothing but itself run in it.
#pragma once

#include <span>

#include "http/router.h"
#include "webpage/page_files.h"

namespace youtu {

// Without files, / says in plain text that there is no page.
// REQUIRES: what the files point to outlives the router.
void add_page_routes(http::Router& router, std::span<const PageFile> files = page_files());

}  // namespace youtu
