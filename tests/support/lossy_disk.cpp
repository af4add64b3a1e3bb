#include "tests/support/lossy_disk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/check.h"

namespace youtu::test {

namespace {

namespace fs = std::filesystem;

constexpr size_t kSectorBytes = 512;
constexpr int kNoFile = -1;

bool happens(std::mt19937_64& random, uint64_t eighths) {
  return random() % 8 < eighths;
}

// How much of what was not synced has arrived: nothing, some, all.
uint64_t draw_eighths(std::mt19937_64& random) {
  constexpr uint64_t kEighths[] = {0, 1, 4, 7, 8};
  return kEighths[random() % std::size(kEighths)];
}

// One of the versions 0 (the synced one) to `newest`.
size_t draw_version(std::mt19937_64& random, size_t newest, uint64_t eighths) {
  size_t version = newest;
  while (version > 0 && !happens(random, eighths)) --version;
  return version;
}

std::string sector_of(const std::string& bytes, size_t sector) {
  const size_t begin = sector * kSectorBytes;
  std::string result = begin < bytes.size() ? bytes.substr(begin, kSectorBytes) : "";
  result.resize(kSectorBytes, '\0');
  return result;
}

// `after` on its way to a sector that held `before`.
std::string torn(std::mt19937_64& random, const std::string& before, const std::string& after) {
  if (happens(random, 4)) {
    const size_t cut = 1 + random() % (kSectorBytes - 1);
    return after.substr(0, cut) + before.substr(cut);
  }
  std::string result = before;
  for (size_t i = 0; i < kSectorBytes; ++i) {
    if (before[i] != after[i]) result[i] = static_cast<char>(random());
  }
  return result;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  CHECK(out.good());
}

}  // namespace

LossyDisk::LossyDisk(const std::string& folder) : folder_(fs::weakly_canonical(folder).string()) {
  for (fs::path path = folder_; !fs::exists(path); path = path.parent_path()) {
    unsynced_folders_.insert(path.parent_path().string());
  }
  if (!fs::exists(folder_)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string bytes = read_file(entry.path());
    synced_names_[entry.path().filename().string()] = static_cast<int>(files_.size());
    files_.push_back({.now = bytes, .synced = bytes});
  }
  names_ = synced_names_;
}

LossyDisk::File& LossyDisk::file(const std::string& name) {
  const auto found = names_.find(name);
  CHECK(found != names_.end() && found->second != kNoFile);
  return files_[static_cast<size_t>(found->second)];
}

void LossyDisk::rename(const Renaming& renaming) {
  for (const auto& [name, file] : renaming) names_[name] = file;
  renamings_.push_back(renaming);
}

// Bytes [begin, end) are other ones now.
void LossyDisk::note_change(File& file, size_t begin, size_t end) {
  for (size_t sector = begin / kSectorBytes; sector * kSectorBytes < end; ++sector) {
    file.sectors[sector].push_back(sector_of(file.now, sector));
  }
  file.sizes.push_back(file.now.size());
}

void LossyDisk::play(const DiskOperation& operation) {
  using Kind = DiskOperation::Kind;
  const auto offset = static_cast<size_t>(operation.offset);
  switch (operation.kind) {
    case Kind::kCreate:
      files_.emplace_back();
      return rename({{operation.name, static_cast<int>(files_.size()) - 1}});
    case Kind::kRemove:
      (void)file(operation.name);
      return rename({{operation.name, kNoFile}});
    case Kind::kRename:
      (void)file(operation.name);
      return rename({{operation.name, kNoFile}, {operation.new_name, names_[operation.name]}});
    case Kind::kWrite: {
      File& it = file(operation.name);
      const size_t end = offset + operation.bytes.size();
      if (it.now.size() < end) it.now.resize(end, '\0');
      it.now.replace(offset, operation.bytes.size(), operation.bytes);
      return note_change(it, offset, end);
    }
    case Kind::kTruncate: {
      File& it = file(operation.name);
      const size_t before = it.now.size();
      it.now.resize(offset, '\0');
      return note_change(it, std::min(offset, before), std::max(offset, before));
    }
    case Kind::kSync: {
      File& it = file(operation.name);
      it = {.now = it.now, .synced = it.now};
      return;
    }
    case Kind::kSyncFolder:
      unsynced_folders_.erase(operation.name);
      if (operation.name != folder_) return;
      synced_names_ = names_;
      renamings_.clear();
      return;
  }
}

std::string LossyDisk::remains(const File& file, std::mt19937_64& random) {
  const uint64_t eighths = draw_eighths(random);
  const uint64_t torn_eighths = random() % 3;
  std::string bytes = file.synced;
  for (const auto& [sector, versions] : file.sectors) {
    const size_t end = (sector + 1) * kSectorBytes;
    if (bytes.size() < end) bytes.resize(end, '\0');
    const size_t version = draw_version(random, versions.size(), eighths);
    if (version == 0) continue;
    std::string now = versions[version - 1];
    if (happens(random, torn_eighths)) {
      now =
          torn(random, version == 1 ? sector_of(file.synced, sector) : versions[version - 2], now);
    }
    bytes.replace(sector * kSectorBytes, kSectorBytes, now);
  }
  const size_t size = draw_version(random, file.sizes.size(), eighths);
  bytes.resize(size == 0 ? file.synced.size() : file.sizes[size - 1], '\0');
  return bytes;
}

void LossyDisk::lose_power(std::mt19937_64& random, const std::string& folder) const {
  const uint64_t eighths = draw_eighths(random);
  if (!unsynced_folders_.empty() && !happens(random, eighths)) return;
  std::map<std::string, int> names = synced_names_;
  for (const Renaming& renaming : renamings_) {
    if (!happens(random, eighths)) continue;
    for (const auto& [name, file] : renaming) names[name] = file;
  }
  for (const auto& [name, file] : names) {
    if (file == kNoFile) continue;
    write_file(fs::path(folder) / name, remains(files_[static_cast<size_t>(file)], random));
  }
}

}  // namespace youtu::test
