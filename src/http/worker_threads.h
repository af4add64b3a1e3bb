// The threads that handlers run on, beside the IO thread.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>
#include <vector>

namespace youtu::http {

// As asio::thread_pool, which waits for ever for its first thread where the machine has no room for
// a second one.
class WorkerThreads {
 public:
  // Throws std::system_error where a thread cannot be started.
  explicit WorkerThreads(int num_threads);
  ~WorkerThreads();
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  boost::asio::io_context& context() { return context_; }
  // Returns when all that was posted has run.
  void join();

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open_;
  std::vector<std::thread> threads_;
};

}  // namespace youtu::http
