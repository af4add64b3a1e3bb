#include "http/worker_threads.h"

#include <system_error>

namespace youtu::http {

WorkerThreads::WorkerThreads(int num_threads)
    : context_(num_threads), open_(context_.get_executor()) {
  threads_.reserve(static_cast<size_t>(num_threads));
  try {
    for (int i = 0; i < num_threads; ++i) {
      threads_.emplace_back([this] { context_.run(); });
    }
  } catch (const std::system_error&) {
    join();
    throw;
  }
}

WorkerThreads::~WorkerThreads() {
  join();
}

void WorkerThreads::join() {
  open_.reset();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace youtu::http
