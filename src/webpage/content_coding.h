// The two header fields by which a client and a server agree on what is sent: Accept-Encoding (RFC
// 9110, 12.5.3) and If-None-Match (13.1.2).
#pragma once

#include <string_view>

namespace youtu {

enum class ContentCoding { kIdentity, kGzip, kBrotli };

// "identity", "gzip", "br".
std::string_view to_string(ContentCoding coding);

// What there is beside the plain bytes.
struct Codings {
  bool gzip = false;
  bool brotli = false;
};

// The smallest form that the client takes; the plain one where it names none of the others.
ContentCoding choose_coding(std::string_view accept_encoding, Codings available);

// Whether the list has this entity tag, or is "*". Weak tags are as good as strong ones here.
bool has_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace youtu
