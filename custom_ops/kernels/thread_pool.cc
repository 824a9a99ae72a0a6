#include "custom_ops/kernels/thread_pool.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

namespace a2u {
namespace {

// In multiply-adds; below it, waking a thread costs more than it saves.
constexpr int64_t kSmallestPiece = 1 << 17;
constexpr int kLargestThreads = 1024;
constexpr int64_t kPiecesPerThread = 4;

int DefaultThreads() {
  if (const char* text = std::getenv("TF_NUM_INTRAOP_THREADS")) {
    const int threads = std::atoi(text);
    if (threads > 0) return std::min(threads, kLargestThreads);
  }
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return std::max(1u, std::thread::hardware_concurrency());
}

struct Job {
  Work work;
  void* context;
  int64_t items;
  int64_t piece;
  int helpers;  // workers that may still join
  std::atomic<int64_t> next{0};
  int running = 0;  // workers inside, guarded by the pool's mutex

  bool Open() const { return next.load(std::memory_order_relaxed) < items; }

  // Runs one piece; false when none was left.
  bool Step() {
    const int64_t begin = next.fetch_add(piece);
    if (begin >= items) return false;
    work(context, begin, std::min(begin + piece, items));
    return true;
  }
};

class Pool {
 public:
  void Run(Job* job, int threads) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      // As many beside the caller as there are threads, one too many: TensorFlow's own threads want the cores, too, and
      // steps and predictions of whole networks were measured shorter so.
      Grow(threads);
      job->helpers = threads;
      jobs_.push_back(job);
    }
    wake_.notify_all();
    while (job->Step()) {
    }
    std::unique_lock<std::mutex> lock(mutex_);
    jobs_.remove(job);
    left_.wait(lock, [job] { return job->running == 0; });
  }

 private:
  void Grow(int workers) {
    try {
      for (; workers_ < workers; ++workers_) {
        // Detached: they live as long as the process, and sleep while there is nothing to do.
        std::thread([this] { Serve(); }).detach();
      }
    } catch (const std::system_error&) {
      // No more threads to be had: the caller does what is left by itself.
    }
  }

  // The next job in turn that wants help, or null.
  Job* Choose() {
    for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
      if ((*job)->Open() && (*job)->running < (*job)->helpers) {
        Job* chosen = *job;
        jobs_.splice(jobs_.end(), jobs_, job);
        return chosen;
      }
    }
    return nullptr;
  }

  void Serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      Job* job = nullptr;
      wake_.wait(lock, [&] { return (job = Choose()) != nullptr; });
      ++job->running;
      lock.unlock();
      job->Step();  // one piece, then the next call's turn
      lock.lock();
      if (--job->running == 0) left_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable left_;
  std::list<Job*> jobs_;
  int workers_ = 0;
};

std::atomic<int> g_threads{0};
std::atomic<int> g_pool_process{0};
std::atomic<Pool*> g_pool{nullptr};
std::mutex g_pool_mutex;

// The pool of this process: threads do not survive a fork, so a child makes its own. Never destroyed.
Pool* ThePool() {
  const int process = getpid();
  if (g_pool_process.load() != process) {
    std::lock_guard<std::mutex> lock(g_pool_mutex);
    if (g_pool_process.load() != process) {
      g_pool = new Pool;
      g_pool_process = process;
    }
  }
  return g_pool;
}

}  // namespace

void SetThreads(int threads) { g_threads = threads > 0 ? std::min(threads, kLargestThreads) : 0; }

int Threads() {
  static const int default_threads = DefaultThreads();
  const int threads = g_threads;
  return threads > 0 ? threads : default_threads;
}

void ParallelFor(int64_t items, int64_t cost_per_item, Work work, void* context) {
  if (items <= 0) return;
  const int64_t smallest = std::max<int64_t>(1, kSmallestPiece / std::max<int64_t>(1, cost_per_item));
  const int64_t threads = std::min<int64_t>(Threads(), (items + smallest - 1) / smallest);
  if (threads <= 1) {
    work(context, 0, items);
    return;
  }
  Job job;
  job.work = work;
  job.context = context;
  job.items = items;
  job.piece = std::max(smallest, (items + threads * kPiecesPerThread - 1) / (threads * kPiecesPerThread));
  ThePool()->Run(&job, static_cast<int>(threads));
}

}  // namespace a2u
