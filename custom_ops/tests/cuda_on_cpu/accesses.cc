// Observes every access of the kernels, which are compiled with -fsanitize=thread for its calls; this file answers them
// in the place of ThreadSanitizer. That one knows threads of the system; here it is known what a grid's threads may rely
// on: accesses of two threads to one address, one of them a write, are in order only where both threads are of one block
// and a barrier lies between. A shuffle orders no memory. Anything else is a race, and so is a read of shared memory that
// nobody of the block has written. The addresses of a warp give sectors, bank conflicts and traffic.

#include <sys/types.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "custom_ops/tests/cuda_on_cpu/accesses.h"
#include "custom_ops/tests/cuda_on_cpu/grid.h"

extern "C" char __data_start, _end;  // of the program's variables: with `static`, shared memory lies here

namespace cuda_on_cpu {
namespace {

constexpr uintptr_t kUnit = 2;  // bytes: the smallest element
constexpr unsigned kWarp = 32, kSector = 32, kBanks = 32, kBankBytes = 4;
constexpr size_t kCacheSectors = (256u << 10) / kSector;

enum Space { kNone, kGlobal, kShared };

// Who touched a unit of memory last; of the readers since the last write two are enough to tell that there were several.
struct Touched {
  int64_t writer = -1, readers[2] = {-1, -1};
  unsigned write_epoch = 0, read_epoch[2] = {0, 0};
};

struct Access {
  uintptr_t address;
  uint32_t bytes;
  bool write;
};

// The accesses of one instruction by one warp, in the order in which each lane made them.
using Requests = std::map<const void*, std::vector<Access>[kWarp]>;

std::map<uintptr_t, size_t> allocations;
std::unordered_map<uintptr_t, Touched> touched;
std::map<unsigned, Requests> warps;
unsigned epoch = 0;
int unobserved = 0;
bool observing = false, recording = false;
std::map<std::pair<uintptr_t, bool>, Traffic> traffic;

// The cache between the device's memory and the warps: the sectors used last, whichever block used them.
std::list<uintptr_t> recent;
std::unordered_map<uintptr_t, std::list<uintptr_t>::iterator> cached;

bool Misses(uintptr_t sector) {
  const auto found = cached.find(sector);
  if (found != cached.end()) {
    recent.splice(recent.begin(), recent, found->second);
    return false;
  }
  recent.push_front(sector);
  cached[sector] = recent.begin();
  if (recent.size() > kCacheSectors) {
    cached.erase(recent.back());
    recent.pop_back();
  }
  return true;
}

Space SpaceOf(uintptr_t address, uintptr_t* base) {
  const auto after = allocations.upper_bound(address);
  if (after != allocations.begin()) {
    const auto& [begin, size] = *std::prev(after);
    if (address < begin + size) return *base = begin, kGlobal;
  }
  const auto variables = reinterpret_cast<uintptr_t>(&__data_start), end = reinterpret_cast<uintptr_t>(&_end);
  const auto places = {reinterpret_cast<uintptr_t>(&threadIdx), reinterpret_cast<uintptr_t>(&blockIdx),
                       reinterpret_cast<uintptr_t>(&blockDim), reinterpret_cast<uintptr_t>(&gridDim)};
  for (uintptr_t place : places) {
    if (address >= place && address < place + sizeof(dim3)) return kNone;
  }
  *base = 0;
  return address >= variables && address < end ? kShared : kNone;
}

const char* NameOf(Space space) { return space == kShared ? "shared" : "global"; }

void CheckOrder(Space space, uintptr_t unit, bool write) {
  const int64_t block = int64_t{blockIdx.x} * 1024, self = block + threadIdx.x;
  Touched& last = touched[unit];
  const auto unordered = [&](int64_t other, unsigned when) {
    if (other < 0 || other == self) return false;
    const bool of_block = block <= other && other < block + 1024;
    return of_block ? when == epoch : space == kGlobal;  // each block has shared memory of its own
  };
  if (unordered(last.writer, last.write_epoch)) {
    Fail("a race: thread %u of block %u %s what thread %lld of block %lld wrote in %s memory, with no barrier between",
         threadIdx.x, blockIdx.x, write ? "writes" : "reads", static_cast<long long>(last.writer % 1024),
         static_cast<long long>(last.writer / 1024), NameOf(space));
  }
  if (!write) {
    if (space == kShared && last.writer < block) {
      Fail("thread %u of block %u reads shared memory that nobody of its block has written", threadIdx.x, blockIdx.x);
    }
    if (last.readers[0] != self) {
      last.readers[1] = std::exchange(last.readers[0], self);
      last.read_epoch[1] = last.read_epoch[0];
    }
    last.read_epoch[0] = epoch;
    return;
  }
  for (int k = 0; k < 2; ++k) {
    if (unordered(last.readers[k], last.read_epoch[k])) {
      Fail("a race: thread %u of block %u writes what thread %lld of block %lld reads in %s memory, with no barrier "
           "between",
           threadIdx.x, blockIdx.x, static_cast<long long>(last.readers[k] % 1024),
           static_cast<long long>(last.readers[k] / 1024), NameOf(space));
    }
  }
  last = {self, {-1, -1}, epoch, {0, 0}};
}

void Observe(const void* at, void* pointer, size_t bytes, bool write) {
  if (!observing || unobserved > 0) return;
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  uintptr_t base = 0;
  const Space space = SpaceOf(address, &base);
  if (space == kNone) return;
  if (recording) {
    warps[threadIdx.x / kWarp][at][threadIdx.x % kWarp].push_back({address, static_cast<uint32_t>(bytes), write});
    return;
  }
  for (uintptr_t unit = address / kUnit; unit <= (address + bytes - 1) / kUnit; ++unit) CheckOrder(space, unit, write);
}

// One request of a warp: the accesses of its lanes to one space.
void Count(const std::vector<Access>& lanes) {
  uintptr_t base = 0;
  const Space space = SpaceOf(lanes.front().address, &base);
  Traffic& sum = traffic[{base, lanes.front().write}];
  ++sum.requests;
  if (space == kShared) {
    std::map<uintptr_t, std::set<uintptr_t>> words;  // of each bank; lanes that read one word share it
    for (const Access& lane : lanes) {
      const uintptr_t word = lane.address / kBankBytes;
      words[word % kBanks].insert(word);
    }
    size_t passes = 1;
    for (const auto& [bank, different] : words) passes = std::max(passes, different.size());
    sum.passes += passes;
    return;
  }
  std::set<uintptr_t> sectors;
  std::set<uintptr_t> units;
  for (const Access& lane : lanes) {
    for (uintptr_t byte = lane.address; byte < lane.address + lane.bytes; byte += kUnit) {
      sectors.insert(byte / kSector);
      units.insert(byte / kUnit);
    }
  }
  sum.sectors += sectors.size();
  sum.least_sectors += (units.size() * kUnit + kSector - 1) / kSector;
  for (uintptr_t sector : sectors) sum.moved += Misses(sector) ? kSector : 0;
}

void CountBlock() {
  for (const auto& [warp, requests] : warps) {
    for (const auto& [at, lanes] : requests) {
      for (size_t number = 0;; ++number) {
        std::vector<Access> request;
        for (const auto& lane : lanes) {
          if (number < lane.size()) request.push_back(lane[number]);
        }
        if (request.empty()) break;
        Count(request);
      }
    }
  }
  warps.clear();
}

}  // namespace

void Allocated(const void* address, size_t bytes) { allocations[reinterpret_cast<uintptr_t>(address)] = bytes; }
void Freed(const void* address) { allocations.erase(reinterpret_cast<uintptr_t>(address)); }

void GridBegins() {
  observing = true;
  epoch = 0;
  touched.clear();
}

void GridEnds() {
  observing = false;
  if (recording) CountBlock();
}

void BlockBegins() {
  ++epoch;
  if (recording) CountBlock();
}

void BarrierPassed() { ++epoch; }
Unobserved::Unobserved() { ++unobserved; }
Unobserved::~Unobserved() { --unobserved; }

void StartRecording() {
  recording = true;
  traffic.clear();
  recent.clear();
  cached.clear();
}

Traffic Recorded(const void* base, bool write) {
  return traffic[{reinterpret_cast<uintptr_t>(base), write}];
}

}  // namespace cuda_on_cpu

// What -fsanitize=thread calls.
#define A2U_SIZE(bytes)                                                                                          \
  extern "C" void __tsan_read##bytes(void* p) {                                                                  \
    cuda_on_cpu::Observe(__builtin_return_address(0), p, bytes, false);                                          \
  }                                                                                                              \
  extern "C" void __tsan_write##bytes(void* p) {                                                                 \
    cuda_on_cpu::Observe(__builtin_return_address(0), p, bytes, true);                                           \
  }                                                                                                              \
  extern "C" void __tsan_unaligned_read##bytes(void* p) {                                                        \
    cuda_on_cpu::Observe(__builtin_return_address(0), p, bytes, false);                                          \
  }                                                                                                              \
  extern "C" void __tsan_unaligned_write##bytes(void* p) {                                                       \
    cuda_on_cpu::Observe(__builtin_return_address(0), p, bytes, true);                                           \
  }
A2U_SIZE(1)
A2U_SIZE(2)
A2U_SIZE(4)
A2U_SIZE(8)
A2U_SIZE(16)
#undef A2U_SIZE
extern "C" void __tsan_read_range(void* p, size_t bytes) {
  cuda_on_cpu::Observe(__builtin_return_address(0), p, bytes, false);
}
extern "C" void __tsan_write_range(void* p, size_t bytes) {
  cuda_on_cpu::Observe(__builtin_return_address(0), p, bytes, true);
}
extern "C" void __tsan_init() {}
extern "C" void __tsan_func_entry(void*) {}
extern "C" void __tsan_func_exit() {}
