#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>

namespace world_server {

/// Hands what transport's threads ask for to the thread that owns the world.
class Jobs
{
  public:
    /// Blocks until the job has run; gives its answer. After `close` it is false at once.
    bool ask(std::function<bool()> job)
    {
      std::future<bool> answer;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closed_)
          return false;
        waiting_.emplace_back(std::move(job));
        answer = waiting_.back().get_future();
      }
      arrived_.notify_one();
      return answer.get();
    }

    /// Runs what has been asked for, and first waits for it until `deadline`.
    void runUntil(std::chrono::steady_clock::time_point deadline)
    {
      std::unique_lock<std::mutex> lock(mutex_);
      arrived_.wait_until(lock, deadline, [&] { return !waiting_.empty() || closed_; });
      while (!waiting_.empty()) {
        auto job = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        job();
        lock.lock();
      }
    }

    void close()
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      closed_ = true;
      waiting_.clear();
      arrived_.notify_one();
    }

  private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::packaged_task<bool()>> waiting_;
    bool closed_ = false;
};

}
