#include "hub/file_list.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "base/utf8.h"

namespace youtu::hub {

namespace {

constexpr JsonLimits kListLimits = {
    .max_bytes = kMaxListBytes, .max_depth = 16, .max_nodes = 400'000};
constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxNamePartBytes = 255;
constexpr int64_t kMaxFileBytes = int64_t{1} << 40;

Status bad(std::string message) {
  return Status::invalid_argument("the list of files " + std::move(message));
}

std::string shown(std::string_view name) {
  constexpr size_t kMaxShownBytes = 80;
  return dump_json(std::string(name.substr(0, kMaxShownBytes)) +
                   (name.size() > kMaxShownBytes ? "..." : ""));
}

bool is_safe_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && part.size() <= kMaxNamePartBytes;
}

const Json* member(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

Result<std::string> text_member(const Json& object, const char* key) {
  const Json* value = member(object, key);
  if (!value || !value->is_string()) return bad(std::string("has an entry without ") + key);
  return value->get<std::string>();
}

// Empty where the hub gives none; a file without one is refused if it is needed.
Result<std::optional<Digest>> digest_member(const Json& object, const char* key, DigestKind kind,
                                            const std::string& name) {
  const Json* value = member(object, key);
  if (!value || value->is_null()) return std::optional<Digest>();
  if (!value->is_string()) return bad("gives " + shown(name) + " a checksum that is no text");
  Result<Digest> digest = parse_digest(kind, value->get_ref<const std::string&>());
  if (!digest) return bad("gives " + shown(name) + " " + digest.status().message());
  return std::optional<Digest>(*std::move(digest));
}

Result<int64_t> size_member(const Json& object, const char* key, const std::string& name) {
  const Json* value = member(object, key);
  // nlohmann keeps what does not fit into 64 bits as a double.
  const bool is_size = value && value->is_number_integer() && value->get<int64_t>() >= 0 &&
                       value->get<int64_t>() <= kMaxFileBytes;
  if (!is_size || (value->is_number_unsigned() &&
                   value->get<uint64_t>() > static_cast<uint64_t>(kMaxFileBytes))) {
    return bad("gives " + shown(name) + " no size from 0 to 2^40");
  }
  return value->get<int64_t>();
}

// The array of files at the end of `keys`, each of them an object's member.
Result<Json> entries(std::string_view text, std::initializer_list<const char*> keys,
                     std::string* commit) {
  Result<Json> json = parse_json(text, kListLimits);
  if (!json) return bad("is no JSON that is taken: " + json.status().message());
  if (!json->is_object()) return bad("is no JSON object");
  if (commit) {
    const Json* sha = member(*json, "sha");
    if (!sha || !sha->is_string() ||
        !parse_digest(DigestKind::kGitBlob, sha->get_ref<const std::string&>())) {
      return bad("names no commit (\"sha\", 40 hexadecimal digits)");
    }
    *commit = sha->get<std::string>();
  }
  Json found = *std::move(json);
  for (const char* key : keys) {
    const Json* next = found.is_object() ? member(found, key) : nullptr;
    if (!next) return bad(std::string("has no \"") + key + "\"");
    Json inner = *next;
    found = std::move(inner);
  }
  if (!found.is_array()) return bad("is no array");
  if (found.size() > kMaxListedFiles) {
    return bad("has " + std::to_string(found.size()) + " files (at most " +
               std::to_string(kMaxListedFiles) + ")");
  }
  for (const Json& entry : found) {
    if (!entry.is_object()) return bad("has an entry that is no object");
  }
  return found;
}

// Refuses the whole list for one name that would leave the folder: who lists such names is not to
// be trusted with the rest.
Status add(FileList& list, std::set<std::string>& names, RemoteFile file) {
  if (!is_safe_file_name(file.name)) {
    return bad("names " + shown(file.name) + ", which could lie outside of the model's folder");
  }
  if (!names.insert(file.name).second) return bad("names " + shown(file.name) + " twice");
  list.files.push_back(std::move(file));
  return Status::ok();
}

Result<RemoteFile> read_sibling(const Json& entry) {
  RemoteFile file;
  const Result<std::string> name = text_member(entry, "rfilename");
  RETURN_IF_ERROR(name);
  file.name = *name;
  const Json* lfs = member(entry, "lfs");
  const bool is_lfs = lfs && lfs->is_object();
  const Result<int64_t> size = size_member(entry, "size", file.name);
  RETURN_IF_ERROR(size);
  file.size = *size;
  if (is_lfs) {
    const Result<int64_t> lfs_size = size_member(*lfs, "size", file.name);
    RETURN_IF_ERROR(lfs_size);
    if (*lfs_size != file.size) return bad("gives " + shown(file.name) + " two sizes");
  }
  Result<std::optional<Digest>> digest =
      is_lfs ? digest_member(*lfs, "sha256", DigestKind::kSha256, file.name)
             : digest_member(entry, "blobId", DigestKind::kGitBlob, file.name);
  RETURN_IF_ERROR(digest);
  file.digest = *std::move(digest);
  return file;
}

Result<RemoteFile> read_blob(const Json& entry) {
  RemoteFile file;
  const Result<std::string> name = text_member(entry, "Path");
  RETURN_IF_ERROR(name);
  file.name = *name;
  const Result<int64_t> size = size_member(entry, "Size", file.name);
  RETURN_IF_ERROR(size);
  file.size = *size;
  Result<std::optional<Digest>> digest =
      digest_member(entry, "Sha256", DigestKind::kSha256, file.name);
  RETURN_IF_ERROR(digest);
  file.digest = *std::move(digest);
  return file;
}

}  // namespace

bool is_safe_file_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || !is_utf8(name)) return false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') return false;
  }
  for (;;) {
    const size_t slash = name.find('/');
    if (!is_safe_part(name.substr(0, slash))) return false;
    if (slash == name.npos) return true;
    name.remove_prefix(slash + 1);
  }
}

Result<FileList> parse_hugging_face_list(std::string_view text) {
  FileList list;
  const Result<Json> siblings = entries(text, {"siblings"}, &list.commit);
  RETURN_IF_ERROR(siblings);
  std::set<std::string> names;
  for (const Json& entry : *siblings) {
    Result<RemoteFile> file = read_sibling(entry);
    RETURN_IF_ERROR(file);
    RETURN_IF_ERROR(add(list, names, *std::move(file)));
  }
  return list;
}

Result<FileList> parse_modelscope_list(std::string_view text) {
  FileList list;
  const Result<Json> files = entries(text, {"Data", "Files"}, nullptr);
  RETURN_IF_ERROR(files);
  std::set<std::string> names;
  for (const Json& entry : *files) {
    const Result<std::string> type = text_member(entry, "Type");
    RETURN_IF_ERROR(type);
    if (*type != "blob") continue;  // folders are listed, too
    Result<RemoteFile> file = read_blob(entry);
    RETURN_IF_ERROR(file);
    RETURN_IF_ERROR(add(list, names, *std::move(file)));
  }
  return list;
}

}  // namespace youtu::hub
