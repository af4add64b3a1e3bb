// Memory of a backend.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace youtu {

// Owns `size` bytes, 64-byte aligned, or nothing; or stands for bytes that another one owns, if
// `free` does nothing. Move-only. Allocated once and kept: in a virtual
// machine the first touch of fresh memory costs more than everything that is later done with it.
class Buffer {
 public:
  Buffer() = default;
  Buffer(uint8_t* data, size_t size, void (*free)(uint8_t* data, size_t size))
      : data_(data), size_(size), free_(free) {}
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        free_(other.free_) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(free_, other.free_);
    return *this;
  }
  ~Buffer() {
    if (data_) free_(data_, size_);
  }

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  void (*free_)(uint8_t* data, size_t size) = nullptr;
};

}  // namespace youtu
