#include "custom_ops/tests/cuda_on_cpu/grid.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace cuda_on_cpu {
namespace {

constexpr size_t kStack = 64 << 10;
constexpr unsigned kWarp = 32;
enum State { kReady, kAtBarrier, kAtShuffle, kDone };

// What a thread waits at.
struct Site {
  const char* file = "";
  int line = 0;
  unsigned mask = 0;
  int offset = 0;
  bool operator==(const Site& other) const {
    return file == other.file && line == other.line && mask == other.mask && offset == other.offset;
  }
};

struct Fibre {
  ucontext_t context;
  void* stack = nullptr;
  void* shadow = nullptr;  // AddressSanitizer's, while the fibre waits
  State state = kDone;
  Site site;
  uint64_t value = 0;
};

std::vector<std::unique_ptr<Fibre>> fibres;
ucontext_t scheduler;
Fibre* running = nullptr;
const std::function<void()>* body_of_grid = nullptr;

const char* Name(const Site& site) {
  const char* slash = std::strrchr(site.file, '/');
  return slash == nullptr ? site.file : slash + 1;
}

// AddressSanitizer must know on whose stack the program is.
void Switch(ucontext_t* from, ucontext_t* to, void** shadow, const void* stack, size_t size) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(shadow, stack, size);
#else
  (void)shadow, (void)stack, (void)size;
#endif
  swapcontext(from, to);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(*shadow, nullptr, nullptr);
#endif
}

#if defined(__SANITIZE_ADDRESS__)
const void* scheduler_stack = nullptr;
size_t scheduler_size = 0;
#else
constexpr const void* scheduler_stack = nullptr;
constexpr size_t scheduler_size = 0;
#endif

void Wait(State state) {
  Fibre* self = running;
  self->state = state;
  Switch(&self->context, &scheduler, &self->shadow, scheduler_stack, scheduler_size);
}

// A fibre runs one thread after another.
void RunThreads() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_size);
#endif
  for (;;) {
    (*body_of_grid)();
    Wait(kDone);
  }
}

std::unique_ptr<Fibre> MakeFibre() {
  auto fibre = std::make_unique<Fibre>();
  // A page that may not be touched ends each stack.
  constexpr size_t kPage = 4096;
  char* memory = static_cast<char*>(
      mmap(nullptr, kPage + kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (memory == MAP_FAILED || mprotect(memory, kPage, PROT_NONE) != 0) Fail("no memory for a thread's stack");
  fibre->stack = memory + kPage;
  getcontext(&fibre->context);
  fibre->context.uc_stack.ss_sp = fibre->stack;
  fibre->context.uc_stack.ss_size = kStack;
  fibre->context.uc_link = nullptr;
  makecontext(&fibre->context, RunThreads, 0);
  return fibre;
}

void Resume(unsigned thread) {
  static void* shadow = nullptr;
  running = fibres[thread].get();
  running->state = kReady;
  threadIdx = {thread, 0, 0};
  Switch(&scheduler, &running->context, &shadow, running->stack, kStack);
  running = nullptr;
}

// Hands the values of a warp's shuffle on, where all lanes that it names have come to it.
void Exchange(unsigned first, unsigned count) {
  const Fibre* one = nullptr;
  for (unsigned lane = 0; lane < count; ++lane) {
    const Fibre& fibre = *fibres[first + lane];
    if (fibre.state == kAtShuffle && one == nullptr) one = &fibre;
  }
  const Site site = one->site;
  uint64_t values[kWarp] = {};
  for (unsigned lane = 0; lane < kWarp; ++lane) {
    const bool named = site.mask >> lane & 1;
    const Fibre* fibre = lane < count ? fibres[first + lane].get() : nullptr;
    if (named && (fibre == nullptr || fibre->state != kAtShuffle || !(fibre->site == site))) {
      Fail("a shuffle in a diverged warp: %s:%d names lane %u of block %u, warp %u, which %s", Name(site), site.line,
           lane, blockIdx.x, first / kWarp,
           fibre == nullptr || fibre->state == kDone ? "has ended" : "waits elsewhere");
    }
    if (!named && fibre != nullptr && fibre->state == kAtShuffle && fibre->site == site) {
      Fail("a shuffle without its own lane: %s:%d, lane %u", Name(site), site.line, lane);
    }
    if (fibre != nullptr) values[lane] = fibre->value;
  }
  for (unsigned lane = 0; lane < count; ++lane) {
    Fibre& fibre = *fibres[first + lane];
    if (!(site.mask >> lane & 1)) continue;
    const unsigned source = lane ^ static_cast<unsigned>(site.offset);
    if (source >= kWarp || !(site.mask >> source & 1)) {
      Fail("a shuffle reads lane %u, which takes no part: %s:%d", source, Name(site), site.line);
    }
    fibre.value = values[source];
    fibre.state = kReady;
  }
}

// Runs a warp until each of its threads is at a barrier or has ended.
void RunWarp(unsigned first, unsigned count) {
  for (;;) {
    bool shuffles = false;
    for (unsigned thread = first; thread < first + count; ++thread) {
      if (fibres[thread]->state == kReady) Resume(thread);
      shuffles |= fibres[thread]->state == kAtShuffle;
    }
    if (!shuffles) return;
    Exchange(first, count);
  }
}

// Lets a block pass its barrier; returns false where all of its threads have ended.
bool PassBarrier(unsigned count) {
  const Fibre* waiting = nullptr;
  unsigned ended = 0;
  for (unsigned thread = 0; thread < count; ++thread) {
    const Fibre* fibre = fibres[thread].get();
    if (fibre->state == kDone) {
      ++ended;
    } else if (waiting == nullptr) {
      waiting = fibre;
    } else if (!(fibre->site == waiting->site)) {
      Fail("threads of block %u wait at two barriers: %s:%d and line %d", blockIdx.x, Name(waiting->site),
           waiting->site.line, fibre->site.line);
    }
  }
  if (waiting == nullptr) return false;
  if (ended > 0) {
    Fail("%u threads of block %u ended before the barrier %s:%d", ended, blockIdx.x, Name(waiting->site),
         waiting->site.line);
  }
  for (unsigned thread = 0; thread < count; ++thread) fibres[thread]->state = kReady;
  BarrierPassed();
  return true;
}

}  // namespace

void RunGrid(const dim3& grid, const dim3& block, const std::function<void()>& body) {
  static std::mutex one_grid;  // at a time, whichever thread of the program launches it
  const std::lock_guard<std::mutex> lock(one_grid);
  while (fibres.size() < block.x) fibres.push_back(MakeFibre());
  body_of_grid = &body;
  gridDim = grid;
  blockDim = block;
  GridBegins();
  for (unsigned number = 0; number < grid.x; ++number) {
    blockIdx = {number, 0, 0};
    BlockBegins();
    for (unsigned thread = 0; thread < block.x; ++thread) fibres[thread]->state = kReady;
    do {
      for (unsigned first = 0; first < block.x; first += kWarp) {
        RunWarp(first, block.x - first < kWarp ? block.x - first : kWarp);
      }
    } while (PassBarrier(block.x));
  }
  GridEnds();
}

void Barrier(const char* file, int line) {
  running->site = {file, line, 0, 0};
  Wait(kAtBarrier);
}

uint64_t Shuffle(unsigned mask, uint64_t value, int offset, const char* file, int line) {
  Fibre* self = running;
  self->site = {file, line, mask, offset};
  self->value = value;
  Wait(kAtShuffle);
  return self->value;
}

void Fail(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::fputs("FAILED: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputs("\n", stderr);
  va_end(arguments);
  std::fflush(nullptr);
  std::_Exit(1);
}

}  // namespace cuda_on_cpu
