// Fewer page faults in large outputs.

#ifndef A2U_CUSTOM_OPS_TENSORFLOW_HUGE_PAGES_H_
#define A2U_CUSTOM_OPS_TENSORFLOW_HUGE_PAGES_H_

#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <cstddef>
#include <cstdint>

namespace a2u {

// Tell Linux to back an output that is about to be written with huge pages. From 32 MiB on, glibc's malloc gives every
// allocation fresh memory, and the first touch of its 4 KiB pages takes longer than the reassembly that fills them. It
// is a hint: where the kernel declines, all goes on as before.
inline void AdviseHugePages(void* memory, size_t bytes) {
#ifdef __linux__
  constexpr size_t kAlwaysFresh = size_t{32} << 20;
  if (bytes < kAlwaysFresh) return;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(memory) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(memory) + bytes) / page * page;
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
  static_cast<void>(memory);
  static_cast<void>(bytes);
#endif
}

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_TENSORFLOW_HUGE_PAGES_H_
